package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/gorilla/websocket"
)

// peerArg makes this program the peer that the service is measured against.
const peerArg = "-peer"

// peer is a bare echo with the library's defaults: a goroutine that reads and
// one that pings.
func peer() {
	up := websocket.Upgrader{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("echo listens on http://%s\n", l.Addr())
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := up.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			go beat(conn)
			go echo(conn)
		}))
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
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

func startPeer(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return launch(ctx, self, peerArg)
}
