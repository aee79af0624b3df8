using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace EngineHost;

/// <summary>A host that writes to the console and answers no question, as -NonInteractive does.</summary>
internal sealed class SilentHost : PSHost
{
    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override string Name => "EngineHost";
    public override PSHostUserInterface UI { get; } = new SilentInterface();
    public override Version Version { get; } = new(1, 0);
    public override void EnterNestedPrompt() => throw new PSInvalidOperationException("no prompt");
    public override void ExitNestedPrompt() => throw new PSInvalidOperationException("no prompt");
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) => Environment.Exit(exitCode);
}

internal sealed class SilentInterface : PSHostUserInterface
{
    public override PSHostRawUserInterface? RawUI => null;
    public override void Write(string value) => Console.Write(value);
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Console.Write(value);
    public override void WriteLine(string value) => Console.WriteLine(value);
    public override void WriteErrorLine(string value) => Console.Error.WriteLine(value);
    public override void WriteDebugLine(string message) { }
    public override void WriteVerboseLine(string message) { }
    public override void WriteWarningLine(string message) => Console.WriteLine($"WARNING: {message}");
    public override void WriteProgress(long sourceId, ProgressRecord record) { }
    public override string ReadLine() => throw Refusal();
    public override SecureString ReadLineAsSecureString() => throw Refusal();
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Refusal();
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Refusal();
    public override int PromptForChoice(string caption, string message, System.Collections.ObjectModel.Collection<ChoiceDescription> choices, int defaultChoice) => throw Refusal();
    public override Dictionary<string, PSObject> Prompt(string caption, string message, System.Collections.ObjectModel.Collection<FieldDescription> descriptions) => throw Refusal();

    private static PSInvalidOperationException Refusal() =>
        new("Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");
}
