package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// ZMTP 3, the protocol under Jupyter's messages (rfc.zeromq.org/spec/23): a greeting of 64 bytes, then frames. Only what
// the kernel sends is read; what is no message is passed on as it is.
const (
	greetingSize = 64
	more         = 1
	long         = 2
	command      = 4
	largest      = 1 << 31 // of a frame: more than a figure will ever have
)

// frames passes on what the kernel sends, and lets change see each message. It returns when a side has gone.
func frames(to io.Writer, from io.Reader, change func(message [][]byte) [][][]byte) error {
	r := bufio.NewReaderSize(from, 1<<16)
	greeting := make([]byte, greetingSize)
	if _, err := io.ReadFull(r, greeting); err != nil {
		return err
	}
	if _, err := to.Write(greeting); err != nil {
		return err
	}
	if greeting[0] != 0xff || greeting[10] < 3 || string(greeting[12:17]) != "NULL\x00" {
		_, err := io.Copy(to, r)
		return err
	}
	var message [][]byte
	for {
		flags, body, err := readFrame(r)
		if err != nil {
			return err
		}
		if flags&command != 0 {
			if _, err := to.Write(appendFrame(nil, flags, body)); err != nil {
				return err
			}
			continue
		}
		message = append(message, body)
		if flags&more != 0 {
			continue
		}
		var out []byte
		for _, m := range change(message) {
			for i, part := range m {
				flags := byte(more)
				if i == len(m)-1 {
					flags = 0
				}
				out = appendFrame(out, flags, part)
			}
		}
		message = nil
		if _, err := to.Write(out); err != nil {
			return err
		}
	}
}

func readFrame(r io.Reader) (flags byte, body []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	if head[0]&long != 0 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	if size > largest {
		return 0, nil, fmt.Errorf("a frame of %d bytes", size)
	}
	body = make([]byte, size)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}

func appendFrame(to []byte, flags byte, body []byte) []byte {
	if len(body) > 255 {
		to = append(to, flags|long)
		to = binary.BigEndian.AppendUint64(to, uint64(len(body)))
	} else {
		to = append(to, flags&^long, byte(len(body)))
	}
	return append(to, body...)
}
