package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// message is one of Jupyter's, as it lies in a ZMQ message: identities, a delimiter, the signature, four parts of JSON.
type message struct {
	before                            [][]byte // identities or topic
	header, parent, metadata, content []byte
	after                             [][]byte // buffers
}

var delimiter = []byte("<IDS|MSG>")

// read takes a message apart; ok is false if it is none of Jupyter's.
func read(parts [][]byte) (m message, ok bool) {
	for i, part := range parts {
		if bytes.Equal(part, delimiter) && len(parts) >= i+6 {
			return message{before: parts[:i], header: parts[i+2], parent: parts[i+3], metadata: parts[i+4], content: parts[i+5],
				after: parts[i+6:]}, true
		}
	}
	return message{}, false
}

// parts puts a message together again, signed.
func (m message) parts(key []byte) [][]byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{m.header, m.parent, m.metadata, m.content} {
		mac.Write(part)
	}
	signature := []byte(hex.EncodeToString(mac.Sum(nil)))
	parts := append(bytesOf(m.before), delimiter, signature, m.header, m.parent, m.metadata, m.content)
	return append(parts, m.after...)
}

func bytesOf(parts [][]byte) [][]byte { return append([][]byte{}, parts...) }

// head is what is read of a header.
type head struct {
	ID   string `json:"msg_id"`
	Type string `json:"msg_type"`
}

func headOf(header []byte) (h head) {
	json.Unmarshal(header, &h) // an empty parent is {}
	return h
}

// with is the same message with other content.
func (m message) with(content any) message {
	text, err := json.Marshal(content)
	if err != nil {
		return m
	}
	m.content = text
	return m
}

// another is a new message that answers the same request.
func (m message) another(kind string, content any) message {
	header := map[string]any{}
	json.Unmarshal(m.header, &header)
	header["msg_id"], header["msg_type"] = rand.Text(), kind
	header["date"] = time.Now().UTC().Format(time.RFC3339Nano)
	m.header, _ = json.Marshal(header)
	m.metadata, m.after = []byte("{}"), nil
	return m.with(content)
}
