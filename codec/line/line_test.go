package line_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/stage"
)

func TestAppendWritesWhatDecodeReads(t *testing.T) {
	c := line.Text(8)
	for _, test := range []struct {
		text, want string
		err        error
	}{
		{"", "\n", nil},
		{"hello", "hello\n", nil},
		{"12345678", "12345678\n", nil},
		{"a\rb", "a\rb\n", nil},
		{"a\r", "a\r\r\n", nil}, // with \n alone the text would come back as "a"
		{"a\nb", "", line.ErrNewline},
		{"a\n", "", line.ErrNewline},
		{"123456789", "", line.ErrTooLong},
	} {
		b, err := c.Append([]byte("before|"), &line.Line{Text: []byte(test.text)})
		if string(b) != "before|"+test.want || !errors.Is(err, test.err) {
			t.Errorf("%q: got %q, %v, want %q, %v", test.text, b, err, test.want, test.err)
		}
	}
}

func TestALineIsTooLongAsSoonAsThatIsCertain(t *testing.T) {
	for _, test := range []struct {
		wire    string
		certain int // bytes
	}{
		{"12345", 5},
		{"1234\r5", 6},
		{"1234\r\r\n", 6},
		{"\r\r\r\r\rx", 6},
	} {
		d := line.Text(4).NewDecoder()
		for i := 1; i <= test.certain; i++ {
			var v line.Line
			n, err := d.Decode([]byte(test.wire[:i]), &v)
			if n != 0 || (err != nil) != (i == test.certain) {
				t.Errorf("%q: got %d, %v", test.wire[:i], n, err)
			}
		}
	}
}

func TestADecoderLooksAtEachByteOnce(t *testing.T) {
	d := line.Text(100).NewDecoder()
	b := []byte("hello")
	var v line.Line
	if n, err := d.Decode(b, &v); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	b[1] = '\n' // no decoder that knows the contract expects this
	if n, err := d.Decode(append(b, " world\n"...), &v); n != 12 || err != nil {
		t.Errorf("got %d, %v, want the newline at the end", n, err)
	}
	if n, err := d.Decode([]byte("x\ny\n"), &v); n != 2 || err != nil {
		t.Errorf("got %d, %v, want the next line to be searched from its start", n, err)
	}
}

func TestADecoderStartsOverAfterAnError(t *testing.T) {
	d := line.Text(4).NewDecoder()
	var v line.Line
	for _, wire := range []string{"1234", "12345"} {
		d.Decode([]byte(wire), &v)
	}
	if n, err := d.Decode([]byte("a\n"), &v); n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2", n, err)
	}
}

func TestARefusalIsOneLine(t *testing.T) {
	c := line.Text(1 << 16)
	_, err := c.Decode(bytes.Repeat([]byte("x"), 1<<17), &line.Line{})
	for refused, want := range map[error]string{
		err:                                 "error: line over the limit of 65536 bytes\n",
		errors.New("two\r\nlines\nor more"): "error: two  lines or more\n",
	} {
		for _, d := range []any{c, c.NewDecoder()} {
			if got := string(d.(stage.Refuser).AppendRefusal([]byte("before\n"), refused)); got != "before\n"+want {
				t.Errorf("got %q, want %q behind what was there", got, want)
			}
		}
	}
}

func TestTheLargestLimitDoesNotOverflow(t *testing.T) {
	var v line.Line
	if n, err := line.Text(math.MaxInt).Decode([]byte("hello\n"), &v); n != 6 || err != nil {
		t.Errorf("got %d, %v, want 6", n, err)
	}
}

func TestALimitThatMakesNoSensePanicsWithASentence(t *testing.T) {
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "line.Text: the limit must be at least 1 byte, not 0") {
			t.Errorf("panic with %q", got)
		}
	}()
	line.Text(0)
}

// The compiler must find T where a codec is given to an assembly, as in codec.Decode(line.Text(1<<16)).
func TestTheMessageTypeIsInferred(t *testing.T) {
	decodes(line.Text(1))
	encodes(line.Text(1))
}

func decodes[T any](stage.Decoder[T]) {}
func encodes[T any](stage.Encoder[T]) {}
