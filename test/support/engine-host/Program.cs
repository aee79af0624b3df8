using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace EngineHost;

/// <summary>
/// Runs a script on the real engine the way `pwsh -NoLogo -NoProfile -NonInteractive -File x.ps1` does,
/// for machines that have no pwsh. Only the engine's own 48 cmdlets are there.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        int file = Array.FindIndex(arguments, argument => argument.Equals("-File", StringComparison.OrdinalIgnoreCase));
        if (file < 0 || file + 1 >= arguments.Length)
        {
            Console.Error.WriteLine("usage: engine-host [-NoLogo] [-NoProfile] [-NonInteractive] -File script.ps1");
            return 64;
        }
        using Runspace runspace = RunspaceFactory.CreateRunspace(new SilentHost(), InitialSessionState.CreateDefault2());
        runspace.Open();
        Runspace.DefaultRunspace = runspace;
        // Some parts of the engine ask for the process's first runspace; pwsh sets it the same way.
        typeof(Runspace).GetProperty("PrimaryRunspace", BindingFlags.Static | BindingFlags.NonPublic)?.SetValue(null, runspace);
        return RunFile(runspace, Path.GetFullPath(arguments[file + 1]));
    }

    private static int RunFile(Runspace runspace, string path)
    {
        using Pipeline pipeline = runspace.CreatePipeline();
        pipeline.Commands.Add(new Command(path, isScript: false, useLocalScope: false));
        pipeline.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        pipeline.Commands.Add("Out-Default");
        Console.CancelKeyPress += (_, interrupt) =>
        {
            interrupt.Cancel = true;
            // Stop blocks until the script has stopped: not on the thread that delivers the key.
            new Thread(pipeline.Stop) { IsBackground = true }.Start();
        };
        try
        {
            pipeline.Invoke();
            return 0;
        }
        catch (PipelineStoppedException)
        {
            return 130;
        }
        catch (RuntimeException error)
        {
            Console.Error.WriteLine(error.ErrorRecord);
            return 1;
        }
    }
}
