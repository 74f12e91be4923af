# Completion of docker-tags for PowerShell. Add to $PROFILE:
#   docker-tags completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'docker-tags' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @()
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $text = $element.Extent.Text
        $length = $cursorPosition - $element.Extent.StartOffset
        if ($length -lt $text.Length) { $text = $text.Substring(0, $length) }
        $words += $text.Trim('"', "'")
    }
    $program = $words[0]
    $rest = @($words | Select-Object -Skip 1)
    if ($wordToComplete -eq '') {
        # Older versions lose an empty argument on its way to a program.
        if ($PSVersionTable.PSVersion -lt [version]'7.3') { $rest += '""' } else { $rest += '' }
    }
    $flag = ''
    if ($wordToComplete -match '^(-[^=]*=)') { $flag = $Matches[1] }

    $help = $env:DOCKER_TAGS_ACTIVE_HELP
    $env:DOCKER_TAGS_ACTIVE_HELP = '0'
    $lines = @(& $program __complete @rest 2>$null)
    $env:DOCKER_TAGS_ACTIVE_HELP = $help

    if ($lines.Count -eq 0 -or $lines[-1] -notmatch '^:(\d+)$') { return }
    $directive = [int]$Matches[1]
    foreach ($line in ($lines | Select-Object -SkipLast 1)) {
        $name, $about = $line -split "`t", 2
        if (-not $about) { $about = $name }
        $text = "$flag$name"
        if ($directive -band 2) { $shown = $text } else { $shown = "$text " }
        [System.Management.Automation.CompletionResult]::new($shown, $name, 'ParameterValue', $about)
    }
}
