/* The one function of bcryptprimitives.dll that Rust's standard library needs. Windows 10 has the library, wine 8 does
   not: release/test builds this for wine. It is in no artifact. */
#include <windows.h>
#include <bcrypt.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return BCryptGenRandom(NULL, data, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0;
}
