package loopback

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Each row is a request that must not get the page, and why it is made.
func TestServerRefuses(t *testing.T) {
	const host, path = "127.0.0.1:4711", "/00112233445566778899aabbccddeeff/"
	h := handler(host, path, "default-src 'none'; script-src x", []byte("secret"))
	for _, c := range []struct {
		why, method, host, path string
		status                  int
	}{
		{"the page itself", "GET", host, path, http.StatusOK},
		{"a browser asks for the head first", "HEAD", host, path, http.StatusOK},
		{"a foreign name that resolves to the loopback address", "GET", "attacker.example:4711", path, http.StatusMisdirectedRequest},
		{"the name of the loopback address, which a proxy can change", "GET", "localhost:4711", path, http.StatusMisdirectedRequest},
		{"another port, of another server", "GET", "127.0.0.1:80", path, http.StatusMisdirectedRequest},
		{"no host", "GET", "", path, http.StatusMisdirectedRequest},
		{"a guess without a token", "GET", host, "/", http.StatusNotFound},
		{"a guess of the token", "GET", host, "/00112233445566778899aabbccddeefe/", http.StatusNotFound},
		{"the token in another path", "GET", host, path + "x", http.StatusNotFound},
		{"a form of another site", "POST", host, path, http.StatusMethodNotAllowed},
		{"a question whether another site may read", "OPTIONS", host, path, http.StatusMethodNotAllowed},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host = c.host
		r.Header.Set("Origin", "http://attacker.example")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: status %d, expected %d", c.why, w.Code, c.status)
		}
		if got := strings.Contains(w.Body.String(), "secret"); got != (c.status == http.StatusOK && c.method == "GET") {
			t.Errorf("%s: the answer is %q", c.why, w.Body)
		}
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: the answer permits another origin: %s", c.why, name)
			}
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.HasSuffix(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", c.why, policy)
		}
	}
}

func TestServer(t *testing.T) {
	page := bytes.Repeat([]byte("page "), 1000)
	s, err := Listen(0, page, "default-src 'none'")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve()
	defer s.Close()
	r, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(body, page) {
		t.Errorf("the server sent %d bytes (%v), expected the page of %d", len(body), err, len(page))
	}
	other, err := Listen(0, page, "default-src 'none'")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	token := func(s *Server) string { return s.URL[strings.LastIndex(strings.TrimSuffix(s.URL, "/"), "/"):] }
	if !strings.HasPrefix(s.URL, "http://127.0.0.1:") || token(s) == token(other) || len(token(s)) != len("/00112233445566778899aabbccddeeff/") {
		t.Errorf("the addresses are %s and %s, expected two tokens of 32 digits on the loopback interface", s.URL, other.URL)
	}
}
