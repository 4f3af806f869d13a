using CheckpointTool;

return Tool.Run(args, Console.Out, Console.Error);
