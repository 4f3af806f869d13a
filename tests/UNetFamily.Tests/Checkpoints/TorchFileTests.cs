namespace UNetFamily.Tests.Checkpoints;

/// <summary>Archives and pickles that were made to do harm: nothing is executed, nothing large is allocated, and the message names file, place and reason.</summary>
public class TorchFileTests
{
    private static readonly byte[] FourFloats = [.. new[] { 1f, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)];
    private static readonly byte[] Weights = Step.Pickle(Step.Dictionary(("w", Step.Tensor(Step.Storage("0", 4), 0, [2, 2], [2, 1]))));

    [Fact]
    public void The_files_of_these_tests_are_sound()
    {
        using var scope = NewDisposeScope();
        using var file = TestFiles.Open(TorchFile.Of(Weights, FourFloats));
        TensorAssert.Equal(file.Read("w"), tensor(new[] { 1f, 2, 3, 4 }).reshape(2, 2));
    }

    [Fact]
    public void Calls_nothing_and_keeps_what_would_have_been_called_as_a_name()
    {
        var evil = Step.Call(Step.Global("posix", "system"), Step.Text("touch unetfamily-was-here"));
        var pickle = Step.Pickle(Step.Dictionary(("w", Step.Tensor(Step.Storage("0", 4), 0, [4], [1])), ("evil", evil), ("name", Step.Global("builtins", "eval"))));
        using var file = TestFiles.Open(TorchFile.Of(pickle, FourFloats));
        file.Others.Should().Equal(new CheckpointItem("evil", "object of posix.system, not made"), new CheckpointItem("name", "the name builtins.eval, not looked up"));
        File.Exists("unetfamily-was-here").Should().BeFalse();
    }

    public static IEnumerable<object[]> BadTensors() =>
    [
        [Step.Tensor(Step.Storage("0", 4), 0, [5], [1]), "*reaches number 4 of a storage of 4*"],
        [Step.Tensor(Step.Storage("0", 4), 1, [4], [1]), "*reaches number 4*"],
        [Step.Tensor(Step.Storage("0", 4), 5, [0], [1]), "*reaches number 4*"],
        [Step.Tensor(Step.Storage("0", 4), -1, [1], [1]), "*negative*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [2], [-1]), "*negative*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [-2], [1]), "*negative*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [2, 2], [1]), "*2 sides and 1 strides*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [long.MaxValue], [long.MaxValue]), "*too large*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [1L << 40, 1L << 40], [0, 0]), "*too large*"],
        [Step.Tensor(Step.Storage("0", 4), 0, [3, 3], [1L << 62, 1L << 62]), "*reaches number*"],
        [Step.Tensor(Step.Storage("0", 5), 0, [4], [1]), "*should have 20 bytes, and has 16*"],
        [Step.Tensor(Step.Storage("0", long.MaxValue), 0, [4], [1]), "*should have 36893488147419103228 bytes*"],
        [Step.Tensor(Step.Storage("0", -1), 0, [0], [1]), "*has -1 numbers*"],
        [Step.Tensor(Step.Storage("1", 4), 0, [4], [1]), "*lacks storage '1'*"],
        [Step.Tensor(Step.Storage("../data.pkl", 4), 0, [4], [1]), "*lacks storage '../data.pkl'*"],
    ];

    [Theory]
    [MemberData(nameof(BadTensors))]
    public void Refuses_tensors_outside_their_storage(byte[] tensor, string message) => Refuses(TorchFile.Of(Step.Pickle(Step.Dictionary(("w", tensor))), FourFloats), message);

    public static IEnumerable<object[]> BadPickles() =>
    [
        [new byte[] { 0x80, 2 }, "*1 bytes are announced here, and 0 are left*"],
        [Step.Pickle([(byte)'t']), "*closes something that it has not opened*"],
        [Step.Pickle([(byte)'a']), "*a value that isn't there*"],
        [Step.Pickle([(byte)'h', 9]), "*recalls value 9*"],
        [Step.Pickle([(byte)'N', (byte)'N']), "*ends here with 2 values*"],
        [Step.Pickle([(byte)'}', (byte)'(', (byte)'N', (byte)'u']), "*key without a value*"],
        [Step.Pickle([(byte)'X', 0xff, 0xff, 0xff, 0xff]), "*more than 67108864 bytes of text*"],
        [Step.Pickle([0x8d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), "*more than 67108864 bytes of text*"],
        [Step.Pickle([(byte)'T', 0xff, 0xff, 0xff, 0xff]), "*bytes are announced*"],
        [Step.Pickle([0x8b, 0xff, 0xff, 0xff, 0x7f]), "*whole number of 2147483647 bytes*"],
        [Step.Pickle([(byte)'c', .. Enumerable.Repeat((byte)'a', 300)]), "*up to 256 plain characters*"],
        [Step.Pickle([(byte)'I', (byte)'1', (byte)'\n']), "*0x49 is no step*"],
        [Step.Pickle([(byte)'P', (byte)'1', (byte)'\n']), "*0x50 is no step*"],
        [Step.Pickle([0x82, 1]), "*0x82 is no step*"],
        [Step.Pickle([(byte)'N', (byte)'Q']), "*persistent id is a tuple*"],
        [Step.Pickle([.. Step.Tuple(), (byte)'Q']), "*should name a storage*"],
        [Step.Pickle([(byte)'N']), "*No state dict was found: the file holds None*"],
        [Step.Pickle(Step.Dictionary(("a", Step.Integer(1)))), "*the file holds dictionary of 1*"],
        [new byte[] { 0x80, 9, (byte)'N', (byte)'.' }, "*protocol other than 2 to 5*"],
        [(byte[])[.. Step.Pickle([(byte)'N']), (byte)'N'], "*goes on for 1 bytes after its end*"],
    ];

    [Theory]
    [MemberData(nameof(BadPickles))]
    public void Refuses_pickles_that_torch_does_not_write(byte[] pickle, string message) => Refuses(TorchFile.Of(pickle), message);

    [Fact]
    public void Plain_values_beside_the_weights_are_looked_up()
    {
        var tensor = Step.Tensor(Step.Storage("0", 4), 0, [4], [1]);
        using var file = TestFiles.Open(TorchFile.Of(Step.Pickle(Step.Dictionary(
            ("network_weights", Step.Dictionary(("w", tensor))),
            ("trainer_name", Step.Text("nnUNetTrainer")),
            ("axes", Step.Tuple(Step.Integer(0), Step.Integer(2))),
            ("nothing", [(byte)'N']),
            ("device", Step.Call(Step.Global("torch", "device"), Step.Text("cuda"))),
            ("init_args", Step.Dictionary(("configuration", Step.Text("2d")), ("plans", Step.Dictionary())))
        )), FourFloats));

        Value("trainer_name").Should().Be("nnUNetTrainer");
        Value("init_args.configuration").Should().Be("2d");
        Value("axes").Should().BeAssignableTo<IReadOnlyList<object?>>().Which.Should().Equal(0L, 2L);
        Value("nothing").Should().BeNull();
        foreach (var name in new[] { "absent", "init_args.absent", "trainer_name.length", "init_args", "device", "network_weights.w" })
            file.TryGetValue(name, out _).Should().BeFalse("'{0}' is nothing plain", name);

        object? Value(string name) => file.TryGetValue(name, out var value) ? value : throw new KeyNotFoundException(name);
    }

    [Fact]
    public void Bombs_cost_little_time_and_memory()
    {
        var tensor = Step.Tensor(Step.Storage("0", 4), 0, [4], [1]);
        byte[] memo = [(byte)'q', 0, (byte)'h', 0];

        // A tuple of two of the last tuple, sixty times: 2^60 items when written out.
        byte[] laughs = [(byte)')', .. Enumerable.Range(0, 60).SelectMany(i => new byte[] { (byte)'q', (byte)i, (byte)'h', (byte)i, 0x86 })];
        using var file = TestFiles.Open(TorchFile.Of(Step.Pickle(Step.Dictionary(("w", tensor), ("laughs", laughs))), FourFloats));
        file.Others.Should().Equal(new CheckpointItem("laughs", "tuple of 2"));

        // A list in itself, and a dictionary in itself.
        Refuses(TorchFile.Of(Step.Pickle([(byte)']', .. memo, (byte)'a'])), "*list of 1*");
        Refuses(TorchFile.Of(Step.Pickle([(byte)'}', (byte)'q', 0, .. Step.Text("a"), (byte)'h', 0, (byte)'s'])), "*dictionary of 1*");

        // A module that contains itself, and one that doubles at each of sixty levels.
        byte[] Module(byte[] children, byte[] parameters) =>
            [.. Step.Call(Step.Global("a", "Net")), .. Step.Dictionary(("_parameters", parameters), ("_buffers", [(byte)'}']), ("_modules", children)), (byte)'b'];
        Refuses(TorchFile.Of(Step.Pickle([.. Step.Call(Step.Global("a", "Net")), (byte)'q', 0, .. Step.Dictionary(("_parameters", [(byte)'}']), ("_modules", Step.Dictionary(("x", [(byte)'h', 0])))), (byte)'b'])),
            "*contains itself*");
        var doubled = Module([(byte)'}'], [(byte)'}']);
        for (byte i = 0; i < 60; i++) doubled = Module(Step.Dictionary(("a", [.. doubled, (byte)'q', i]), ("b", [(byte)'h', i])), [(byte)'}']);
        Refuses(TorchFile.Of(Step.Pickle(doubled)), "*too many parts*");

        // More steps than any checkpoint has; dictionaries made again and again of one long list.
        Refuses(TorchFile.Of(Step.Pickle([.. Enumerable.Repeat((byte)'}', 3_000_000)])), "*more than 2000000 steps*");
        byte[] pairs = [(byte)']', (byte)'(', .. Enumerable.Repeat(Step.Tuple([(byte)'N'], [(byte)'N']), 100_000).SelectMany(pair => pair), (byte)'e', (byte)'q', 0];
        Refuses(TorchFile.Of(Step.Pickle([.. pairs, .. Enumerable.Repeat(Step.Call(Step.Global("collections", "OrderedDict"), [(byte)'h', 0]), 100_000).SelectMany(call => call)])), "*more than 2000000 steps*");
    }

    [Fact]
    public void A_name_may_not_stand_for_two_tensors()
    {
        var tensor = Step.Tensor(Step.Storage("0", 4), 0, [4], [1]);
        Refuses(TorchFile.Of(Step.Pickle(Step.Dictionary(("w", tensor), ("w", tensor))), FourFloats), "*'w' is there twice*");
    }

    public static IEnumerable<object[]> BadArchives()
    {
        yield return Archive("*'test/data/0' is encrypted*", file => file.Add("test/data/0", FourFloats, flags: 1));
        yield return Archive("*'test/data/0' is compressed (method 8)*", file => file.Add("test/data/0", FourFloats, method: 8));
        yield return Archive("*'test/data/0' twice*", file => { file.Add("test/data/0", FourFloats); file.Add("test/data/0", FourFloats); });
        yield return Archive("*should have 4000 bytes, and 16 are there*", file => file.Add("test/data/0", FourFloats, size: 4000));
        yield return Archive("*another name*", file => file.Add("test/data/0", FourFloats, localName: "test/data/1"));
        yield return Archive("*'inner' begins inside 'outer'*", file =>
        {
            var inner = file.Position + TorchFile.Local("outer", []).Length;
            file.Add("outer", TorchFile.Local("inner", FourFloats));
            file.Add("inner", FourFloats, header: inner);
        });
        yield return Archive("*said to be outside*", file => file.Add("test/data/0", FourFloats, header: 99999));
        yield return Archive("*one data.pkl, and has several*", file => file.Add("other/data.pkl", Weights));
        yield return Archive("*highest byte first*", file => { file.Add("test/data/0", FourFloats); file.Add("test/byteorder", "big"u8.ToArray()); });

        static object[] Archive(string message, Action<TorchFile> fill)
        {
            var file = new TorchFile();
            file.Add("test/data.pkl", Weights);
            fill(file);
            return [file.End(), message];
        }
    }

    [Theory]
    [MemberData(nameof(BadArchives))]
    public void Refuses_archives_that_torch_does_not_write(byte[] file, string message) => Refuses(file, message);

    [Fact]
    public void Refuses_directories_that_lie()
    {
        foreach (var (count, size, start, comment) in new (ushort?, uint?, uint?, ushort)[] { (9, null, null, 0), (1, null, null, 0), (null, 0xffffffff, null, 0), (null, null, 0, 0), (null, null, 0xfffffffe, 0), (null, null, null, 7) })
        {
            var file = new TorchFile();
            file.Add("test/data.pkl", Weights);
            file.Add("test/data/0", FourFloats);
            Refuses(file.End(count, size, start, comment), "*zip*");
        }
        Refuses([.. TorchFile.Of(Weights, FourFloats), 0], "*something follows it*");
        Refuses(new TorchFile().End(), "*none of the formats*");
    }

    [Fact]
    public void Names_are_never_paths()
    {
        var file = new TorchFile();
        file.Add("../../etc/data.pkl", Weights);
        file.Add("../../etc/data/0", FourFloats, mode: 0xA1FF_0000);         // a symbolic link, says Unix
        file.Add("/etc/passwd", "harmless"u8.ToArray());
        using var checkpoint = TestFiles.Open(file.End());
        checkpoint.Tensors.Should().ContainSingle();
    }

    private static void Refuses(byte[] file, string message) => FluentActions.Invoking(() => TestFiles.Open(file)).Should().Throw<CheckpointException>().WithMessage(message);
}
