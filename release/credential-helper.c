/* A credential helper for release/test on Windows: alice's login, for whatever is asked. It is in no artifact. */
#include <stdio.h>

int main(void)
{
    char line[512];
    if (!fgets(line, sizeof line, stdin))
        return 1;
    printf("{\"ServerURL\":\"any\",\"Username\":\"alice\",\"Secret\":\"playground\"}\n");
    return 0;
}
