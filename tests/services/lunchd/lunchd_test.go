package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/ioutil"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/", 200, "<h1>"},
		{"GET", "/version", 200, version},
		{"GET", "/none", 404, ""},
		{"POST", "/", 405, ""},
		{"GET", "/slow?ms=0", 200, "Lunch, after 0 ms"},
		{"GET", "/slow?ms=-1", 400, ""},
		{"GET", "/slow?ms=8001", 400, ""},
		{"GET", "/slow?ms=soon", 400, ""},
	} {
		recorder := httptest.NewRecorder()
		lunch().ServeHTTP(recorder, httptest.NewRequest(row.method, row.target, nil))
		if recorder.Code != row.status || !strings.Contains(recorder.Body.String(), row.body) {
			t.Errorf("%s %s: %d %q", row.method, row.target, recorder.Code, recorder.Body)
		}
		if recorder.Header().Get("X-Version") != version {
			t.Errorf("%s %s: no version", row.method, row.target)
		}
	}
}

func TestSocketsAreChosenByName(t *testing.T) {
	one, other := local(t), local(t)
	chosen, err := choose(map[string][]net.Listener{"https": {one}, "admin": {other}})
	if err != nil || len(chosen) != 1 || chosen["https"][0] != one {
		t.Fatalf("%v %v", chosen, err)
	}
	if _, err := choose(map[string][]net.Listener{"admin": {other}}); err == nil {
		t.Fatal("a socket of another name is no socket to serve")
	}
}

func TestABadCertificateLeavesTheOldOne(t *testing.T) {
	folder, err := ioutil.TempDir("", "lunchd")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	certificate := &Certificate{
		keyPath: filepath.Join(folder, "key.pem"), chainPath: filepath.Join(folder, "chain.pem"),
	}
	if certificate.Load() == nil || certificate.Loaded() {
		t.Fatal("no files, and a certificate")
	}
	write(t, certificate)
	if err := certificate.Load(); err != nil {
		t.Fatal(err)
	}
	first, _ := certificate.Get(nil)
	if err := ioutil.WriteFile(certificate.keyPath, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if certificate.Load() == nil {
		t.Fatal("no key, and no error")
	}
	if still, _ := certificate.Get(nil); still != first {
		t.Fatal("the old certificate is gone")
	}
}

func TestADrainFinishesWhatWasAccepted(t *testing.T) {
	listener := local(t)
	server := Serve(map[string][]net.Listener{"http": {listener}}, &Certificate{})
	answered := make(chan error, 1)
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Dial: func(string, string) (net.Conn, error) { return connection, nil }}
	go func() {
		response, err := (&http.Client{Transport: transport}).Get("http://lunch/slow?ms=300")
		if err == nil && (response.StatusCode != 200 || !response.Close) {
			t.Errorf("%d, close: %v", response.StatusCode, response.Close)
		}
		answered <- err
	}()
	time.Sleep(100 * time.Millisecond) // the request is on its way or being answered
	server.Drain()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Fatal("still listening")
	}
}

func TestWhatIsOfferedIsSpoken(t *testing.T) {
	folder, err := ioutil.TempDir("", "lunchd")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	certificate := &Certificate{
		keyPath: filepath.Join(folder, "key.pem"), chainPath: filepath.Join(folder, "chain.pem"),
	}
	write(t, certificate)
	if err := certificate.Load(); err != nil {
		t.Fatal(err)
	}
	// Which of the two listeners comes first is by chance.
	for try := 0; try < 50; try++ {
		plain, secure := local(t), local(t)
		server := Serve(map[string][]net.Listener{"http": {plain}, "https": {secure}}, certificate)
		transport := &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
		}
		response, err := (&http.Client{Transport: transport}).Get("https://" + secure.Addr().String() + "/version")
		if err != nil {
			t.Fatal(err)
		}
		if response.ProtoMajor != 2 || response.StatusCode != 200 {
			t.Fatalf("%s %d", response.Proto, response.StatusCode)
		}
		response.Body.Close()
		transport.CloseIdleConnections()
		server.Drain()
	}
}

func local(t *testing.T) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func write(t *testing.T, certificate *Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lunch"}}
	chain, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		certificate.chainPath: {Type: "CERTIFICATE", Bytes: chain},
		certificate.keyPath:   {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := ioutil.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
