package main

import (
	"fmt"
	"net"

	"github.com/coreos/go-systemd/activation"
)

// names are those of the sockets that are served; their order among the descriptors is undefined.
var names = []string{"http", "https"}

// listen returns the sockets that were passed, by name; only when none was passed at all does it open the
// fallback addresses.
func listen(fallback map[string]string) (map[string][]net.Listener, error) {
	passed, err := activation.ListenersWithNames()
	if err != nil {
		return nil, err
	}
	if len(passed) == 0 {
		return open(fallback)
	}
	return choose(passed)
}

// choose keeps the sockets with names that are served.
func choose(passed map[string][]net.Listener) (map[string][]net.Listener, error) {
	chosen := map[string][]net.Listener{}
	for _, name := range names {
		if len(passed[name]) > 0 {
			chosen[name] = passed[name]
		}
	}
	if len(chosen) == 0 {
		var others []string
		for name := range passed {
			others = append(others, name)
		}
		return nil, fmt.Errorf("no socket is named http or https (passed: %q)", others)
	}
	return chosen, nil
}

func open(addresses map[string]string) (map[string][]net.Listener, error) {
	opened := map[string][]net.Listener{}
	for name, address := range addresses {
		if address == "" {
			continue
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		opened[name] = []net.Listener{listener}
	}
	if len(opened) == 0 {
		return nil, fmt.Errorf("nothing to listen on")
	}
	return opened, nil
}
