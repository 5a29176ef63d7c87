package jpeg

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
)

// Decoder says whose pixels are wanted: TensorFlow's, in colour or grey, or Pillow's.
type Decoder string

const (
	// TensorFlow is tf.io.decode_image with three channels, with which Keras reads files.
	TensorFlow Decoder = ""
	// Pillow is Image.open(…).convert("RGB"), with which Hugging Face's processors and timm read files.
	Pillow Decoder = "Pillow"
	// Grey is tf.io.decode_image with one channel, with which Keras reads files as grey. Decode then gives *image.Gray.
	Grey Decoder = "TensorFlow, grey"
)

func (d Decoder) String() string { return cmp.Or(string(d), "TensorFlow") }

// Decode reads a file. The picture is an *image.Gray if no pixel has a colour and that is cheap to know: if the file has
// one component, or colour planes without content. Else it is an *image.RGBA without transparency. A file that ends too
// early is an error. A file can claim a size that doesn't fit into memory: ask DecodeConfig first.
func Decode(data []byte, as Decoder) (image.Image, error) {
	f := file{data: data, fast: as != Pillow}
	if err := f.read(false); err != nil {
		return nil, err
	}
	if as == Grey && len(f.components) == 4 {
		return nil, errors.New("its cyan, magenta, yellow and black have no grey in TensorFlow: store it as RGB or grey")
	}
	f.reconstruct()
	if as == Grey {
		return f.grey(), nil
	}
	return f.picture(), nil
}

// DecodeConfig reads the size from a file's header, up to the frame header.
func DecodeConfig(data []byte) (image.Config, error) {
	f := file{data: data}
	if err := f.read(true); err != nil {
		return image.Config{}, err
	}
	c := image.Config{ColorModel: color.RGBAModel, Width: f.width, Height: f.height}
	if len(f.components) == 1 {
		c.ColorModel = color.GrayModel
	}
	return c, nil
}

// file is one that is being read.
type file struct {
	data []byte
	at   int  // the next byte of data
	fast bool // TensorFlow's

	width, height   int
	components      []*component // nil before the frame header
	maxH, maxV      int          // the largest sampling factors
	progressive     bool
	quantization    [4]*[64]uint16 // in natural order
	codes           [2][4]*code    // of DC and AC
	restartInterval int            // in MCUs; 0 means none
	jfif, adobe     bool
	transform       byte // of colours, in Adobe's marker
	scans           int
	segment         []byte // the last entropy-coded segment, without stuffing
}

// component is a colour plane (A.1.1).
type component struct {
	id            byte
	h, v          int // sampling factors
	destination   byte
	width, height int        // in samples
	wide, high    int        // in blocks that hold samples
	allWide       int        // in blocks, with those that only fill up MCUs
	multipliers   *[64]int16 // what coefficients are multiplied by; nil before the component's first scan
	coefficients  [][64]int16
	samples       []uint8 // wide·8 × high·8; nil while all are 128
}

// The markers (table B.1) that are not ignored.
const (
	sof0, sof1, sof2 = 0xc0, 0xc1, 0xc2 // start of frame: baseline, extended sequential, progressive
	dht              = 0xc4             // define Huffman tables
	rst0, rst7       = 0xd0, 0xd7       // restart
	soi, eoi         = 0xd8, 0xd9       // start and end of image
	sos              = 0xda             // start of scan
	dqt              = 0xdb             // define quantization tables
	dri              = 0xdd             // define restart interval
	app0, app14      = 0xe0, 0xee       // JFIF's and Adobe's
	app15            = 0xef
	com              = 0xfe // comment
)

var errShort = errors.New("it ends too early")

// read reads all markers and scans to the end of the image, or to the frame header.
func (f *file) read(headerOnly bool) error {
	if !bytes.HasPrefix(f.data, []byte{0xff, soi}) {
		return errors.New("no start of image")
	}
	f.at = 2
	for {
		marker, err := f.marker()
		if err != nil {
			return err
		}
		switch {
		case marker == eoi && f.components == nil:
			return errors.New("no frame header")
		case marker == eoi && f.scans == 0:
			return errors.New("no scan")
		case marker == eoi:
			return nil
		case rst0 <= marker && marker <= rst7: // some writers end the last scan with one
			continue
		}
		parameters, err := f.parameters()
		if err != nil {
			return err
		}
		switch marker {
		case sof0, sof1, sof2:
			f.progressive = marker == sof2
			err = f.frame(parameters)
			if err == nil && headerOnly {
				return nil
			}
		case dht:
			err = f.defineCodes(parameters)
		case dqt:
			err = f.defineQuantization(parameters)
		case dri:
			if len(parameters) != 2 {
				return errors.New("restart interval of wrong length")
			}
			f.restartInterval = number(parameters)
		case sos:
			err = f.scan(parameters)
		case app0:
			f.jfif = f.jfif || bytes.HasPrefix(parameters, []byte("JFIF\x00"))
		case app14:
			if len(parameters) >= 12 && bytes.HasPrefix(parameters, []byte("Adobe")) {
				f.adobe, f.transform = true, parameters[11]
			}
		case com:
		default:
			if marker < app0 || marker > app15 {
				err = unsupported(marker)
			}
		}
		if err != nil {
			return err
		}
	}
}

func unsupported(marker byte) error {
	switch {
	case marker >= 0xc9 && marker <= 0xcf:
		return errors.New("arithmetic coding is not supported: store it with Huffman codes")
	case marker == 0xc3:
		return errors.New("lossless coding is not supported: store it as baseline or progressive JPEG")
	}
	return fmt.Errorf("unknown or unsupported marker %#x", marker)
}

// marker goes behind the next marker. Bytes before it are skipped, as libjpeg does.
func (f *file) marker() (byte, error) {
	for {
		i := bytes.IndexByte(f.data[f.at:], 0xff)
		if i < 0 {
			return 0, errShort
		}
		f.at += i + 1
		for f.at < len(f.data) && f.data[f.at] == 0xff { // fill bytes (B.1.1.2)
			f.at++
		}
		if f.at == len(f.data) {
			return 0, errShort
		}
		f.at++
		if marker := f.data[f.at-1]; marker != 0 {
			return marker, nil
		}
	}
}

// parameters goes behind a marker segment, and gives what follows its length (B.1.1.4).
func (f *file) parameters() ([]byte, error) {
	rest := f.data[f.at:]
	if len(rest) < 2 {
		return nil, errShort
	}
	length := number(rest)
	if length < 2 {
		return nil, errors.New("marker segment of wrong length")
	}
	if len(rest) < length {
		return nil, errShort
	}
	f.at += length
	return rest[2:length], nil
}

// number reads 16 bits.
func number(b []byte) int { return int(b[0])<<8 | int(b[1]) }
