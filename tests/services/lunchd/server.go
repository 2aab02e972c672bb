package main

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	longestDrain = 10 * time.Second
	idleGrace    = 500 * time.Millisecond
)

// Server serves every listener until it is drained.
type Server struct {
	http      *http.Server
	listeners []net.Listener
	accepting sync.WaitGroup
	open      int64
	draining  int32
}

// Serve begins to answer on all listeners, those named https with TLS.
func Serve(listeners map[string][]net.Listener, certificate *Certificate) *Server {
	server := &Server{}
	server.http = &http.Server{
		Handler: server.closeWhenDraining(lunch()),
		TLSConfig: &tls.Config{
			GetCertificate: certificate.Get,
			MinVersion:     tls.VersionTLS12,
			// Said here, since HTTP/2 is set up once, by whichever listener comes first. A plain one would leave it
			// out, and the one with TLS (since Go 1.24) offer it all the same.
			NextProtos: []string{"h2", "http/1.1"},
		},
		ConnState:         server.count,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
	}
	for name, some := range listeners {
		for _, listener := range some {
			server.listeners = append(server.listeners, listener)
			server.accepting.Add(1)
			go server.accept(listener, name == "https")
		}
	}
	return server
}

func (s *Server) accept(listener net.Listener, secure bool) {
	defer s.accepting.Done()
	var err error
	if secure {
		err = s.http.ServeTLS(listener, "", "")
	} else {
		err = s.http.Serve(listener)
	}
	if atomic.LoadInt32(&s.draining) == 0 {
		log.Fatalf("lunchd: %s: %s", listener.Addr(), err)
	}
}

// Drain ends without a lost request. What is still in the backlog of an inherited socket belongs to the next
// process, so only this process's descriptors are closed. http.Server.Shutdown alone could miss a connection
// that is accepted and not yet counted, and closes kept-alive connections on whose way a request may be:
// the first are waited for, the second get a moment.
func (s *Server) Drain() {
	atomic.StoreInt32(&s.draining, 1)
	for _, listener := range s.listeners {
		listener.Close()
	}
	s.accepting.Wait()

	for grace := time.Now().Add(idleGrace); atomic.LoadInt64(&s.open) > 0 && time.Now().Before(grace); {
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestDrain)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		log.Printf("drain: %s", err)
	}
}

// count follows how many connections are open.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		atomic.AddInt64(&s.open, 1)
	case http.StateClosed, http.StateHijacked:
		atomic.AddInt64(&s.open, -1)
	}
}

// closeWhenDraining lets every answer end its connection once the drain has begun. The question is asked when
// the answer begins, which is after a slow one has waited.
func (s *Server) closeWhenDraining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&closing{ResponseWriter: w, draining: &s.draining}, r)
	})
}

type closing struct {
	http.ResponseWriter
	draining *int32
	begun    bool
}

func (c *closing) WriteHeader(status int) {
	c.begun = true
	if atomic.LoadInt32(c.draining) != 0 {
		c.Header().Set("Connection", "close")
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *closing) Write(body []byte) (int, error) {
	if !c.begun {
		c.WriteHeader(http.StatusOK)
	}
	return c.ResponseWriter.Write(body)
}
