package features

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// A pack is a file of rows: a header of headerSize bytes, then one record after the other,
//
//	key of the image (32 bytes) | checksum of the row | checksum of the 36 bytes before | row of float32
//
// in little-endian order. Checksums are CRC-32C and continue that of the header, so that rows of other layers are never
// taken. A record is written once; one that is damaged is written again in its place. Writers hold a lock on the file,
// readers do not: what they see of a record that is being written fails its checksum.
type pack struct {
	path     string // "" for one that ends with the process
	file     *os.File
	readOnly error // why it can't be written
	header   []byte
	seed     uint32
	size     int // values per row

	index   map[key]int // the slot of an image's record
	scanned int         // slots that were looked at
	damaged []int       // those of them that hold no record

	buffers sync.Pool
}

// key stands for the content of an image.
type key [32]byte

const (
	headerSize = 512
	headSize   = len(key{}) + 4 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("the stored row is damaged")

func newPack(file *os.File, header []byte, size int) *pack {
	p := &pack{file: file, header: header, seed: crc32.Checksum(header, castagnoli), size: size, index: map[key]int{}}
	p.buffers.New = func() any { b := make([]byte, p.recordSize()); return &b }
	return p
}

// openPack opens a file, which is made if there is none. One that can only be read will do until a row must be written.
func openPack(path string, header []byte, size int) (*pack, error) {
	file, readOnly := openToWrite(path)
	if readOnly != nil {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, readOnly
		}
	}
	p := newPack(file, header, size)
	p.path, p.readOnly = path, readOnly
	return p, nil
}

func openToWrite(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
}

// temporaryPack is a file without a name, where the system knows such, for rows that nobody else can use.
func temporaryPack(folder string, size int) (*pack, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(folder, ".unnamed-*"+extension)
	if err != nil {
		return nil, err
	}
	os.Remove(file.Name())
	return newPack(file, nil, size), nil
}

func (p *pack) close() error {
	err := p.file.Close()
	if p.path == "" {
		if failed := os.Remove(p.file.Name()); failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

func (p *pack) recordSize() int { return headSize + 4*p.size }

func (p *pack) offset(slot int) int64 { return headerSize + int64(slot)*int64(p.recordSize()) }

// slots is the number of whole records that the file has room for.
func (p *pack) slots() (int, error) {
	info, err := p.file.Stat()
	if err != nil {
		return 0, err
	}
	return int(max(0, info.Size()-headerSize) / int64(p.recordSize())), nil
}

// scan takes up what was written since the last scan.
func (p *pack) scan() error {
	n, err := p.slots()
	if err != nil {
		return err
	}
	if n < p.scanned { // another process had no room for what it began to write
		p.index, p.scanned, p.damaged = map[key]int{}, 0, nil
	}
	again := p.damaged // by now they may be whole
	p.damaged = nil
	for _, slot := range again {
		if err := p.look(slot); err != nil {
			return err
		}
	}
	for ; p.scanned < n; p.scanned++ {
		if err := p.look(p.scanned); err != nil {
			return err
		}
	}
	return nil
}

// look reads the head of a record into the index.
func (p *pack) look(slot int) error {
	var head [headSize]byte
	if _, err := p.file.ReadAt(head[:], p.offset(slot)); err != nil && err != io.EOF {
		return err
	}
	if !p.wholeHead(head[:]) {
		p.damaged = append(p.damaged, slot)
		return nil
	}
	p.index[key(head[:len(key{})])] = slot
	return nil
}

func (p *pack) wholeHead(head []byte) bool {
	sum := crc32.Update(p.seed, castagnoli, head[:headSize-4])
	return binary.LittleEndian.Uint32(head[headSize-4:]) == sum
}

// taken reports whether the record of another image lies in a slot.
func (p *pack) taken(slot int, k key) bool {
	var head [headSize]byte
	_, err := p.file.ReadAt(head[:], p.offset(slot))
	return err == nil && p.wholeHead(head[:]) && key(head[:len(k)]) != k
}

// find looks through the whole file for the record of an image, −1 if it has none.
func (p *pack) find(k key) (slot int, err error) {
	p.index, p.scanned, p.damaged = map[key]int{}, 0, nil
	if err := p.scan(); err != nil {
		return -1, err
	}
	if slot, ok := p.index[k]; ok {
		return slot, nil
	}
	return -1, nil
}

// read reads the row of an image. It gives errDamaged if it isn't what was written.
func (p *pack) read(slot int, k key, row []float32) error {
	buffer := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buffer)
	record := *buffer
	if _, err := p.file.ReadAt(record, p.offset(slot)); err != nil {
		if err == io.EOF { // shorter than it was
			return errDamaged
		}
		return err
	}
	values := record[headSize:]
	sum := binary.LittleEndian.Uint32(record[len(k):])
	if !p.wholeHead(record[:headSize]) || key(record[:len(k)]) != k || crc32.Update(p.seed, castagnoli, values) != sum {
		return errDamaged
	}
	for i := range row {
		row[i] = math.Float32frombits(binary.LittleEndian.Uint32(values[4*i:]))
	}
	return nil
}

// write writes a record. Where that fails, the file ends before it as if nothing had been written.
func (p *pack) write(slot int, k key, row []float32) error {
	buffer := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buffer)
	record := append((*buffer)[:0], k[:]...)[:headSize]
	for _, v := range row {
		record = binary.LittleEndian.AppendUint32(record, math.Float32bits(v))
	}
	binary.LittleEndian.PutUint32(record[len(k):], crc32.Update(p.seed, castagnoli, record[headSize:]))
	binary.LittleEndian.PutUint32(record[len(k)+4:], crc32.Update(p.seed, castagnoli, record[:headSize-4]))
	if _, err := p.file.WriteAt(record, p.offset(slot)); err != nil {
		if slot >= p.scanned {
			p.file.Truncate(p.offset(slot))
		}
		return err
	}
	return nil
}

// add writes the record of an image that has none, where a damaged one lies or else at the end.
func (p *pack) add(k key, row []float32) error {
	slot, fill := p.scanned, len(p.damaged) > 0
	if fill {
		slot = p.damaged[0]
	}
	if err := p.write(slot, k, row); err != nil {
		return err
	}
	if fill {
		p.damaged = p.damaged[1:]
	} else {
		p.scanned++
	}
	p.index[k] = slot
	return nil
}
