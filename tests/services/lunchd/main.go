// Lunch as a service: what to eat, over HTTP and HTTPS, on sockets that systemd passes by name.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version is set by the linker.
var version = "0.0.0"

func main() {
	log.SetFlags(0) // the journal knows the time
	key := flag.String("key", "", "the TLS private key, a PEM file")
	chain := flag.String("certificate", "", "the TLS certificate and its chain, a PEM file")
	plain := flag.String("http", ":8080", "address for HTTP when no socket is passed, '' for none")
	secure := flag.String("https", "", "address for HTTPS when no socket is passed, '' for none")
	flag.Parse()

	listeners, err := listen(map[string]string{"http": *plain, "https": *secure})
	if err != nil {
		log.Fatalf("lunchd: %s", err)
	}
	certificate := &Certificate{keyPath: *key, chainPath: *chain}
	if len(listeners["https"]) > 0 {
		if err := certificate.Load(); err != nil {
			log.Fatalf("lunchd: %s", err)
		}
	}

	// Signals are caught before anyone is told that this process is ready for them.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)

	server := Serve(listeners, certificate)
	status := fmt.Sprintf("lunchd %s serves %s", version, describe(listeners))
	log.Print(status)
	notify("READY=1", "STATUS="+status)
	go beat()

	for received := range signals {
		if received != syscall.SIGHUP {
			break
		}
		reload(certificate, status)
	}
	notify("STOPPING=1", "STATUS=Draining")
	server.Drain()
}

// reload reads the certificate again. One that cannot be read leaves the old one in use.
func reload(certificate *Certificate, status string) {
	notify("RELOADING=1", monotonic())
	if !certificate.Loaded() {
		log.Print("nothing to read again: no HTTPS")
	} else if err := certificate.Load(); err != nil {
		status = fmt.Sprintf("the old certificate stays: %s", err)
		log.Print(status)
	} else {
		log.Printf("read the certificate again from %s", certificate.chainPath)
	}
	notify("READY=1", "STATUS="+status)
}

func describe(listeners map[string][]net.Listener) string {
	var parts []string
	for _, name := range names {
		for _, listener := range listeners[name] {
			parts = append(parts, name+" on "+listener.Addr().String())
		}
	}
	return strings.Join(parts, ", ")
}
