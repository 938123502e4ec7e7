package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// peerArg makes this program the peer that the service is measured against.
const peerArg = "-peer"

// everybody ends the address of sockets of which each hears what one says.
const everybody = "/everybody"

// peer is a bare echo with the library's defaults: a goroutine that reads and
// one that pings. At everybody it is a bare loop that writes to all.
func peer() {
	up := websocket.Upgrader{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("echo listens on http://%s\n", l.Addr())
	all := &room{}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := up.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			go beat(conn)
			if strings.HasSuffix(r.URL.Path, everybody) {
				all.join(conn)
				go all.pass(conn)
				return
			}
			go echo(conn)
		}))
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}

func beat(conn *websocket.Conn) {
	for range time.Tick(25 * time.Second) {
		if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
			return
		}
	}
}

func echo(conn *websocket.Conn) {
	defer conn.Close()
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, b) != nil {
			return
		}
	}
}

// A room is those who hear each other.
type room struct {
	mu    sync.Mutex // guards conns, and writing to them
	conns []*websocket.Conn
}

func (r *room) join(conn *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, conn)
}

// pass tells everybody what one says.
func (r *room) pass(conn *websocket.Conn) {
	defer conn.Close()
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			return
		}
		r.mu.Lock()
		for _, c := range r.conns {
			_ = c.WriteMessage(kind, b) // who is gone hears nothing
		}
		r.mu.Unlock()
	}
}

func startPeer(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{name: "peer", bin: self, args: []string{peerArg}, env: os.Environ()}
	return s, s.launch(ctx)
}
