//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// writeCertificate makes a certificate for this machine and its key, as files, and a pool that trusts it.
func writeCertificate(t *testing.T) (cert, key string, trusted *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	public, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public})
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(certPEM)
	folder := t.TempDir()
	return write(t, certPEM, folder, "cert.pem"), write(t, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), folder,
		"key.pem"), trusted
}

// smallModel is a file with a network of a few hundred weights.
func smallModel(t *testing.T) string {
	t.Helper()
	needDevice(t)
	m, err := classifier.New(classifier.Config{Classes: testClasses, Layers: layer.Sequential(layer.Input{Shape: []int{24, 24, 3}},
		layer.Rescaling{Scale: 1 / 127.5, Offset: -1}, layer.Conv2D{Filters: 8, Kernel: 3, Strides: 3, Activation: "relu"},
		layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"})})
	if err != nil {
		t.Fatal(err)
	}
	m.DataNotice = "a test"
	path := filepath.Join(t.TempDir(), "small.keras")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A service by HTTPS with a token; the model is read again on SIGHUP, and SIGTERM ends it in order.
func TestServe(t *testing.T) {
	file := smallModel(t)
	cert, key, trusted := writeCertificate(t)
	token := write(t, []byte("secret\n"), t.TempDir(), "token")
	c := start(nil, "serve", "steel="+file, "--json", "--address", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--token", "@"+token)
	var stdout bytes.Buffer
	c.Stdout = &stdout
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	lines, seen := bufio.NewScanner(pipe), ""
	until := func(message string) (line struct{ Msg, URL, Version string }) {
		for lines.Scan() {
			seen += lines.Text() + "\n"
			line.Msg = ""
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == message {
				return line
			}
		}
		t.Fatalf("no line %q: %s", message, seen)
		return line
	}
	url := until("serving").URL
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}}
	ask := func(path, token string) (status int, body map[string]any) {
		t.Helper()
		image, err := os.Open(imageFile("train", "dots", 1))
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequest("POST", url+path, image)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		r, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(text, &body) != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return r.StatusCode, body
	}
	if status, body := ask("/classify", "wrong"); status != 401 {
		t.Errorf("without the token: %d %v", status, body)
	}
	var want predictions
	succeed(t, &want, "predict", file, imageFile("train", "dots", 1))
	status, body := ask("/classify?gradcam=1", "secret")
	if status != 200 || body["class"] != want.Predicted[0] || body["model"] != "steel" || body["notice"] != want.Notice ||
		!strings.HasPrefix(body["overlay"].(string), "data:image/png;base64,") {
		t.Errorf("%d %v, want %s", status, body, want.Predicted)
	}
	c.Process.Signal(syscall.SIGHUP)
	if line := until("model loaded"); line.Version != "2" {
		t.Errorf("after SIGHUP: %+v", line)
	}
	if _, body := ask("/classify", "secret"); body["version"] != "2" {
		t.Errorf("after SIGHUP version %v answers", body["version"])
	}
	c.Process.Signal(syscall.SIGTERM)
	for lines.Scan() {
		seen += lines.Text() + "\n"
	}
	var out served
	if err := c.Wait(); err != nil || json.Unmarshal(stdout.Bytes(), &out) != nil || out.URL != url || out.Models[0] != "steel" {
		t.Errorf("the end: %v, stdout %q, log:\n%s", err, &stdout, seen)
	}
	if strings.Contains(seen, "secret") {
		t.Error("the token is in the log")
	}
}

func TestServeRefusesWhatItCannotServe(t *testing.T) {
	file := write(t, []byte("no model"), t.TempDir(), "a.keras")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args string
		says []string
	}{
		{"--address 127.0.0.1:0 " + file, []string{"model a: ", file}},
		{"--address 127.0.0.1:0 " + filepath.Join(t.TempDir(), "none.keras"), []string{"none.keras", "no such file"}},
		{"--address " + taken.Addr().String() + " " + file, []string{"in use", "name another --address"}},
		{"ä=" + file, []string{"letters, digits"}},
		{file + " " + file, []string{"two models are named a"}},
		{"--token @none " + file, []string{"--token", "none"}},
		{"--tls-cert none --tls-key none " + file, []string{"--tls-cert none", "no such file"}},
	} {
		refuse(t, c.says, append([]string{"serve"}, strings.Fields(c.args)...)...)
	}
}
