// Tensors as text, for people: a summary, or the values in one of TorchSharp's styles.

using System.Collections;
using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public const TensorStringStyle julia = TensorStringStyle.Julia;
    public const TensorStringStyle numpy = TensorStringStyle.Numpy;
    public const TensorStringStyle csharp = TensorStringStyle.CSharp;

    private static TensorStringStyle style = TensorStringStyle.Julia;
    private static string floatFormat = "g5";
    private static string newLine = Environment.NewLine;
    private static int lineWidth = 100;
    private static int maxRows = 6;
    private static int maxColumns = 6;

    public static TensorStringStyle TensorStringStyle
    {
        get => style;
        set => style = value != TensorStringStyle.Default ? value : throw new ArgumentException("The style cannot be set to 'Default'");
    }

    public static void set_printoptions(int precision, int? linewidth = null, string? newLine = null, bool sci_mode = false, int? maxRows = null, int? maxColumns = null) =>
        set_printoptions(null, sci_mode ? $"E{precision}" : $"F{precision}", linewidth, newLine, maxRows, maxColumns);

    public static void set_printoptions(TensorStringStyle? style = null, string? floatFormat = null, int? linewidth = null, string? newLine = null, int? maxRows = null, int? maxColumns = null)
    {
        torch.style = style ?? torch.style;
        torch.floatFormat = floatFormat ?? torch.floatFormat;
        torch.newLine = newLine ?? torch.newLine;
        torch.lineWidth = linewidth ?? torch.lineWidth;
        torch.maxRows = maxRows ?? torch.maxRows;
        torch.maxColumns = maxColumns ?? torch.maxColumns;
    }

    public partial class Tensor
    {
        public override string ToString() =>
            IsInvalid ? "(invalid)" : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";

        public string ToString(bool disamb, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null) =>
            disamb ? ToString(TensorStringStyle.Default, fltFormat, width, cultureInfo, newLine) : ToString();

        public string ToString(TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            if (style == TensorStringStyle.Default) style = TensorStringStyle;
            if (style == TensorStringStyle.Metadata || device_type == DeviceType.META) return ToString();

            using var scope = NewDisposeScope();
            using var grad = no_grad();
            var print = new Printer(fltFormat ?? floatFormat, cultureInfo ?? CultureInfo.CurrentCulture, newLine ?? torch.newLine, width ?? lineWidth);
            return style switch
            {
                TensorStringStyle.Numpy => print.Nested(this, '[', ']', " "),
                TensorStringStyle.CSharp => $"{ToString()}, value = {print.Nested(this, '{', '}', ", ")}",
                _ => print.Table(this),
            };
        }

        public object tolist()
        {
            if (ndim == 0) return ToScalar();
            var list = new ArrayList();
            foreach (var part in unbind())
            {
                list.Add(part.tolist());
                part.Dispose();
            }

            return list;
        }

        private sealed class Printer(string format, CultureInfo culture, string newLine, int width)
        {
            internal string Nested(Tensor t, char open, char close, string between, int depth = 1)
            {
                if (t.ndim == 0) return Value(t);
                var inner = t.ndim == 1 ? between : between.TrimEnd() + newLine + new string(' ', depth);
                return open + string.Join(inner, Few(t, t.ndim == 1 ? maxColumns : maxRows, part => Nested(part, open, close, between, depth + 1))) + close;
            }

            internal string Table(Tensor t)
            {
                var text = new StringBuilder(t.ToString());
                if (t.ndim == 0) return text.Append(", value = ").Append(Value(t)).ToString();
                text.Append(newLine);
                Tables(text, t, []);
                return text.ToString();
            }

            private void Tables(StringBuilder text, Tensor t, long[] at)
            {
                if (t.ndim <= 2)
                {
                    if (at.Length > 0) text.Append('[').AppendJoin(',', at).Append(",..,..] =").Append(newLine);
                    var rows = t.ndim == 1 ? [Cells(t)] : t.unbind().Select(Cells).ToArray();
                    var columns = rows.Length == 0 ? 0 : rows.Min(row => row.Count);
                    for (var i = 0; i < rows.Length; i++)
                    {
                        for (var j = 0; j < columns; j++) text.Append(' ').Append(rows[i][j].PadLeft(rows.Max(row => row[j].Length)));
                        if (columns < t.shape[^1]) text.Append(" ...");
                        text.Append(newLine);
                    }

                    return;
                }

                for (var i = 0L; i < t.shape[0]; i++) Tables(text, t[i], [.. at, i]);
            }

            // As many values of a row as fit the line.
            private List<string> Cells(Tensor row)
            {
                var cells = new List<string>();
                var left = width - 4;
                for (var i = 0L; i < row.shape[0]; i++)
                {
                    var cell = Value(row[i]);
                    left -= cell.Length + 1;
                    if (left < 0) break;
                    cells.Add(cell);
                }

                return cells;
            }

            private static IEnumerable<string> Few(Tensor t, int limit, Func<Tensor, string> text)
            {
                var count = t.shape[0];
                for (var i = 0L; i < count; i++)
                {
                    if (count > limit && i == (limit + 1) / 2)
                    {
                        yield return "...";
                        i = count - (limit / 2);
                    }

                    yield return text(t[i]);
                }
            }

            private string Value(Tensor t)
            {
                var value = t.ToScalar();
                return t.dtype switch
                {
                    ScalarType.Bool => value.ToBoolean().ToString(culture),
                    ScalarType.Float64 => value.ToDouble().ToString(format, culture),
                    ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64 => value.ToComplexFloat64().Real.ToString(format, culture) + "+" + value.ToComplexFloat64().Imaginary.ToString(format, culture) + "i",
                    _ when t.is_floating_point() => value.ToSingle().ToString(format, culture),
                    _ => value.ToInt64().ToString(culture),
                };
            }
        }
    }
}
