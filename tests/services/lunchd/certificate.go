package main

import (
	"crypto/tls"
	"fmt"
	"sync"
)

// Certificate is what TLS shows at the moment. It can be read again while connections use it.
type Certificate struct {
	keyPath, chainPath string

	lock    sync.RWMutex
	current *tls.Certificate
}

// Load reads both files; when that fails, what was loaded before stays.
func (c *Certificate) Load() error {
	if c.keyPath == "" || c.chainPath == "" {
		return fmt.Errorf("HTTPS needs -key and -certificate")
	}
	loaded, err := tls.LoadX509KeyPair(c.chainPath, c.keyPath)
	if err != nil {
		return fmt.Errorf("certificate %s, key %s: %w", c.chainPath, c.keyPath, err)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.current = &loaded
	return nil
}

// Loaded says whether there is a certificate.
func (c *Certificate) Loaded() bool {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.current != nil
}

// Get is for tls.Config: every handshake asks again.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.current, nil
}
