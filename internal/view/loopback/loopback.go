// Package loopback serves one page to the browser of the same machine, and to nobody else.
package loopback

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A Server serves one page on the loopback interface.
type Server struct {
	URL string // of the page, with the token

	listener net.Listener
	http     http.Server
}

// Listen listens on a port of the loopback interface. The port 0 means a free one. The policy is
// the Content-Security-Policy of the page.
func Listen(port int, page []byte, policy string) (*Server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("the page cannot be served: %w", err)
	}
	var token [16]byte
	rand.Read(token[:]) // never fails
	path := "/" + hex.EncodeToString(token[:]) + "/"
	host := listener.Addr().String()
	s := &Server{URL: "http://" + host + path, listener: listener}
	s.http = http.Server{Handler: handler(host, path, policy, page), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	return s, nil
}

// Serve serves the page until Close.
func (s *Server) Serve() error { return s.http.Serve(s.listener) }

// Close ends Serve.
func (s *Server) Close() error { return s.http.Close() }

// handler answers one path of one host.
//
// A page of another site can send requests to the loopback interface. It must not learn anything.
// The host of a request must be the address itself, so a foreign name that resolves to the
// loopback address gets nothing. The path has a token that the other page cannot guess. No header
// permits another origin to read the answer.
func handler(host, path, policy string, page []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		switch {
		case r.Host != host:
			http.Error(w, "this server answers requests for "+host+" only", http.StatusMisdirectedRequest)
		case subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(path)) == 0:
			http.Error(w, "not found", http.StatusNotFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
		default:
			h.Set("Content-Type", "text/html; charset=utf-8")
			h.Set("Content-Length", strconv.Itoa(len(page)))
			if r.Method == http.MethodGet {
				w.Write(page) // the reader may go away
			}
		}
	})
}
