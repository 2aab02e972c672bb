package main

import (
	"fmt"
	"math/rand"
	"net/http"
	"strconv"
	"time"
)

var dishes = []string{"Sandwich", "Soup", "Salad", "Burger", "Sushi"}

// slowest is below the longest drain, so that a slow answer begun before a stop is always finished.
const slowest = 8000

// lunch answers: a dish at /, the version at /version, and after a while at /slow?ms=500.
func lunch() http.Handler {
	dice := make(chan int)
	go func() {
		random := rand.New(rand.NewSource(time.Now().UnixNano()))
		for {
			dice <- random.Intn(len(dishes))
		}
	}()

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<h1>%s</h1>", dishes[<-dice])
	})
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, version)
	})
	mux.HandleFunc("/slow", slow)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func slow(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("ms")
	if text == "" {
		text = "500"
	}
	milliseconds, err := strconv.Atoi(text)
	if err != nil || milliseconds < 0 || milliseconds > slowest {
		http.Error(w, fmt.Sprintf("ms is a number from 0 to %d", slowest), http.StatusBadRequest)
		return
	}
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	fmt.Fprintf(w, "Lunch, after %d ms", milliseconds)
}
