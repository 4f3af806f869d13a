namespace UNetFamily.Tests.Checkpoints;

public class KeyMapTests
{
    private static readonly KeyMap Map = new("somebody/else",
        new KeyRule.Drop("^dummy$"),
        new KeyRule.Alias("all_modules.0", "conv"),
        new KeyRule.LinearAsConv("pwconv1.weight"),
        new KeyRule.Rename("^down{i+1}.pool.1", "^down.{i}.conv"),
        new KeyRule.Rename("node{i}_{j}", "nodes.x{i}_{j}"));

    [Theory]
    [InlineData("down3.pool.1.weight", "down.2.conv.weight")]
    [InlineData("node0_12.bn.bias", "nodes.x0_12.bn.bias")]
    [InlineData("up.down3.pool.1.weight", "up.down3.pool.1.weight")]
    [InlineData("down3.pool.10.weight", "down3.pool.10.weight")]
    [InlineData("down99999999999999999999.pool.1.weight", "down99999999999999999999.pool.1.weight")]
    public void Renames_parts_of_a_key_in_both_directions(string official, string ours)
    {
        Map.ToOurs(official).Should().Be(ours);
        Map.ToOfficial(ours).Should().Be(official);
    }

    [Fact]
    public void Leaves_out_what_is_not_used_and_second_names()
    {
        Map.ToOurs("dummy").Should().BeNull();
        Map.ToOurs("stage.all_modules.0.weight").Should().BeNull();
        Map.IsLinearAsConv("block.pwconv1.weight").Should().BeTrue();
        Map.IsLinearAsConv("block.pwconv1.bias").Should().BeFalse();
    }
}
