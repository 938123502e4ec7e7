package ws

import (
	"fmt"
	"slices"
	"time"
)

// echoed makes a case where each message comes back as it was sent.
func echoed(id string, frames ...frame) conformance {
	return conformance{id: id, send: frames, want: frames}
}

func framing() []conformance {
	var cases []conformance
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
		chop := 0
		if i == 7 {
			chop = 997
		}
		for kind, message := range []frame{text(repeat("*", n)), bin(repeat("\xfe", n))} {
			c := echoed(fmt.Sprintf("1.%d.%d", kind+1, i+1), message)
			c.chop = chop
			cases = append(cases, c)
		}
	}
	return cases
}

func pings() []conformance {
	// answered makes a case where each ping gets a pong with its data
	answered := func(id string, chop int, pings ...frame) conformance {
		c := conformance{id: id, send: pings, chop: chop}
		for _, p := range pings {
			c.want = append(c.want, pong(p.data))
		}
		return c
	}
	var ten []frame
	for i := range 10 {
		ten = append(ten, ping(fmt.Sprintf("ping %d", i)))
	}
	return []conformance{
		answered("2.1", 0, ping("")),
		answered("2.2", 0, ping("er du der?")),
		answered("2.3", 0, ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")),
		answered("2.4", 0, ping(repeat("\xfe", 125))),
		{id: "2.5", send: []frame{ping(repeat("\xfe", 126))}, end: 1002},
		answered("2.6", 1, ping(repeat("\xfe", 125))),
		{id: "2.7", send: []frame{pong("")}},
		{id: "2.8", send: []frame{pong("uoppfordret")}},
		{id: "2.9", send: []frame{pong("uoppfordret"), ping("ping")}, want: []frame{pong("ping")}},
		answered("2.10", 0, ten...),
		answered("2.11", 1, ten...),
	}
}

func reservedBits() []conformance {
	hello := text("hei")
	after := func(id string, bad frame, chop int) conformance {
		return conformance{id: id, send: []frame{hello, bad, ping("")}, chop: chop, want: []frame{hello}, end: 1002, early: true}
	}
	return []conformance{
		{id: "3.1", send: []frame{hello.reserved(1)}, end: 1002},
		after("3.2", hello.reserved(2), 0),
		after("3.3", hello.reserved(3), 0),
		after("3.4", hello.reserved(4), 1),
		{id: "3.5", send: []frame{bin("\x00\xff").reserved(5)}, end: 1002},
		{id: "3.6", send: []frame{ping("hei").reserved(6)}, end: 1002},
		{id: "3.7", send: []frame{closeWith(1000, "").reserved(7)}, end: 1002},
	}
}

func opcodes() []conformance {
	var cases []conformance
	for section, first := range []int{3, 11} { // not used for data, nor for control
		for i := range 5 {
			c := conformance{id: fmt.Sprintf("4.%d.%d", section+1, i+1), end: 1002}
			bad := frame{op: first + i}
			if i%2 == 1 {
				bad.data = "hei"
			}
			c.send = []frame{bad}
			if i >= 2 {
				c.send = []frame{text("hei"), bad, ping("")}
				c.want, c.early = []frame{text("hei")}, true
			}
			if i == 4 {
				c.chop = 1
			}
			cases = append(cases, c)
		}
	}
	return cases
}

func fragmentation() []conformance {
	const all = 1 << 20
	begin, end := text("første ").unfinished(), cont("siste")
	whole := text("første siste")
	between := []frame{begin, ping("ping"), end}
	five := []frame{
		text("a").unfinished(), cont("b").unfinished(), ping("1"),
		cont("c").unfinished(), cont("d").unfinished(), ping("2"), cont("e"),
	}
	lost, lostOpen := cont("uten begynnelse"), cont("uten begynnelse").unfinished()
	return []conformance{
		{id: "5.1", send: []frame{ping("a").unfinished(), cont("b")}, end: 1002},
		{id: "5.2", send: []frame{pong("a").unfinished(), cont("b")}, end: 1002},
		{id: "5.3", send: []frame{begin, end}, chop: all, want: []frame{whole}},
		{id: "5.4", send: []frame{begin, end}, want: []frame{whole}},
		{id: "5.5", send: []frame{begin, end}, chop: 1, want: []frame{whole}},
		{id: "5.6", send: between, chop: all, want: []frame{pong("ping"), whole}},
		{id: "5.7", send: between, want: []frame{pong("ping"), whole}},
		{id: "5.8", send: between, chop: 1, want: []frame{pong("ping"), whole}},
		{id: "5.9", send: []frame{lost, text("hei")}, chop: all, end: 1002},
		{id: "5.10", send: []frame{lost, text("hei")}, end: 1002},
		{id: "5.11", send: []frame{lost, text("hei")}, chop: 1, end: 1002},
		{id: "5.12", send: []frame{lostOpen, text("hei")}, chop: all, end: 1002},
		{id: "5.13", send: []frame{lostOpen, text("hei")}, end: 1002},
		{id: "5.14", send: []frame{lostOpen, text("hei")}, chop: 1, end: 1002},
		{id: "5.15", send: []frame{begin, end, lostOpen, text("hei")}, want: []frame{whole}, end: 1002, early: true},
		{id: "5.16", send: []frame{lostOpen, begin, end, lostOpen, begin, end}, end: 1002},
		{id: "5.17", send: []frame{lost, begin, end, lost, begin, end}, end: 1002},
		{id: "5.18", send: []frame{begin, text("siste")}, end: 1002},
		{id: "5.19", send: five, wait: 200 * time.Millisecond, want: []frame{pong("1"), pong("2"), text("abcde")}},
		{id: "5.20", send: five, want: []frame{pong("1"), pong("2"), text("abcde")}},
	}
}

func closing() []conformance {
	normal := closeWith(1000, "")
	long := text(repeat("*", 256<<10))
	cases := []conformance{
		{id: "7.1.1", send: []frame{text("hei"), normal}, want: []frame{text("hei")}, end: 1000},
		{id: "7.1.2", send: []frame{normal, normal}, end: 1000},
		{id: "7.1.3", send: []frame{normal, ping("")}, end: 1000},
		{id: "7.1.4", send: []frame{normal, text("hei")}, end: 1000},
		{id: "7.1.5", send: []frame{text("a").unfinished(), normal, cont("b")}, end: 1000},
		{id: "7.1.6", send: []frame{long, normal, ping("")}, want: []frame{long}, end: 1000},

		{id: "7.3.1", send: []frame{closeRaw("")}, end: 1005},
		{id: "7.3.2", send: []frame{closeRaw("a")}, end: 1005}, // the library reads half a code as none
		{id: "7.3.3", send: []frame{normal}, end: 1000},
		{id: "7.3.4", send: []frame{closeWith(1000, "ha det")}, end: 1000},
		{id: "7.3.5", send: []frame{closeWith(1000, repeat("*", 123))}, end: 1000},
		{id: "7.3.6", send: []frame{closeWith(1000, repeat("*", 124))}, end: 1002},

		{id: "7.5.1", send: []frame{closeWith(1000, "\xce\xba\xed\xa0\x80")}, end: 1002},
	}
	for i, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases = append(cases, conformance{id: fmt.Sprintf("7.7.%d", i+1), send: []frame{closeWith(code, "")}, end: code})
	}
	for i, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} { // not to be sent, or not given out
		cases = append(cases, conformance{id: fmt.Sprintf("7.9.%d", i+1), send: []frame{closeWith(code, "")}, end: 1002})
	}
	for i, code := range []int{5000, 65535} { // the RFC says nothing of these
		cases = append(cases, conformance{id: fmt.Sprintf("7.13.%d", i+1), send: []frame{closeWith(code, "")}, end: 1002})
	}
	return cases
}

func misc() []conformance {
	const size, part = 65536, 1300
	var parts []frame
	for p := range slices.Chunk([]byte(repeat("*", size)), part) {
		parts = append(parts, cont(string(p)).unfinished())
	}
	parts[0].op = opText
	parts[len(parts)-1].more = false
	return []conformance{{id: "10.1.1", send: parts, want: []frame{text(repeat("*", size))}}}
}
