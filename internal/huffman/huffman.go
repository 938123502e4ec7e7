// Package huffman packs bytes that never repeat but whose values are unevenly
// frequent: weights, vectors, the high halves of numbers. Where gzip finds
// nothing to refer back to it takes the same code and is ten times slower to
// read.
//
// Packed bytes are, little endian:
//
//	u32 length of what was packed, u32 length of a block of it
//	128 bytes: the code's length of each value, four bits each
//	u32 per block: how many bytes it takes packed
//	the blocks, each from a whole byte on
//	16 bytes that only make reading ahead safe
package huffman

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	maxBits  = 12 // of a code: four of them fit into what a refill gives
	blockLen = 1 << 14
	headLen  = 8 + 128
	tailLen  = 16
)

var errDamaged = errors.New("packed bytes are damaged")

// Pack gives src packed.
func Pack(src []byte) []byte {
	lens := lengths(src)
	code := codes(lens)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(src)))
	out = binary.LittleEndian.AppendUint32(out, blockLen)
	for i := 0; i < 256; i += 2 {
		out = append(out, lens[i]|lens[i+1]<<4)
	}
	var body []byte
	for block := range slices.Chunk(src, blockLen) {
		begin := len(body)
		acc, n := uint64(0), 0
		for _, b := range block {
			acc, n = acc<<lens[b]|uint64(code[b]), n+int(lens[b])
			for ; n >= 8; n -= 8 {
				body = append(body, byte(acc>>(n-8)))
			}
		}
		if n > 0 {
			body = append(body, byte(acc<<(8-n)))
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)-begin))
	}
	return append(append(out, body...), make([]byte, tailLen)...)
}

// Len gives the length of what was packed.
func Len(b []byte) (int, error) {
	if len(b) < headLen+tailLen || binary.LittleEndian.Uint32(b[4:]) != blockLen {
		return 0, errDamaged
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n > 8*len(b) { // a code has at least one bit
		return 0, errDamaged
	}
	return n, nil
}

// Unpack gives back into dst, which must be Len long, what was packed. It works
// on all processors. Damaged bytes are an error or give other bytes: a checksum
// is the caller's.
func Unpack(dst, b []byte) error {
	n, err := Len(b)
	if err != nil || n != len(dst) {
		return errDamaged
	}
	table, err := decoder(b[8:headLen])
	if err != nil {
		return err
	}
	blocks := (n + blockLen - 1) / blockLen
	if len(b) < headLen+4*blocks+tailLen {
		return errDamaged
	}
	starts, body := make([]int, blocks), b[headLen+4*blocks:]
	at := 0
	for i := range starts {
		starts[i] = at
		at += int(binary.LittleEndian.Uint32(b[headLen+4*i:]))
	}
	if at != len(body)-tailLen || !bytes.Equal(body[at:], make([]byte, tailLen)) {
		return errDamaged
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	var damaged atomic.Bool
	for range min(runtime.GOMAXPROCS(0), (blocks+1)/2) {
		wg.Go(func() {
			for {
				i := int(next.Add(2)) - 2
				if i >= blocks {
					return
				}
				to := dst[i*blockLen : min(n, (i+2)*blockLen)]
				ok := true
				if len(to) == 2*blockLen {
					ok = table.two((*[blockLen]byte)(to), (*[blockLen]byte)(to[blockLen:]), body[starts[i]:], body[starts[i+1]:])
				} else {
					for k, part := range slices.Collect(slices.Chunk(to, blockLen)) {
						ok = table.one(part, body[starts[i+k]:]) && ok
					}
				}
				if !ok {
					damaged.Store(true)
				}
			}
		})
	}
	wg.Wait()
	if damaged.Load() {
		return errDamaged
	}
	return nil
}

// table has for each maxBits next bits the value that they begin with, and in
// the high byte how many of them it takes.
type table [1 << maxBits]uint16

// decoder makes the table of a code. A code that leaves bits without a meaning
// or gives them two is refused.
func decoder(packed []byte) (*table, error) {
	var lens [256]uint8
	for i, b := range packed {
		lens[2*i], lens[2*i+1] = b&15, b>>4
	}
	var t table
	at := 0
	for bits := uint8(1); bits <= maxBits; bits++ {
		for v, l := range lens {
			if l != bits {
				continue
			}
			if at+1<<(maxBits-bits) > len(t) {
				return nil, errDamaged
			}
			for range 1 << (maxBits - bits) {
				t[at] = uint16(v) | uint16(bits)<<8
				at++
			}
		}
	}
	if at != len(t) {
		return nil, errDamaged
	}
	return &t, nil
}

// one fills dst from the bits of b, and reports whether there were enough.
func (t *table) one(dst, b []byte) bool {
	var acc uint64 // bits read ahead, the next one highest
	have, at := uint(0), 0
	for i := range dst {
		if have < maxBits {
			if at+8 > len(b) {
				return false
			}
			acc |= binary.BigEndian.Uint64(b[at:]) >> have
			at += int((63 - have) >> 3)
			have |= 56
		}
		e := t[acc>>(64-maxBits)]
		dst[i] = byte(e)
		acc <<= e >> 8 & 63
		have -= uint(e >> 8)
	}
	return true
}

// two is one for two whole blocks, side by side: while one waits for its table
// the other goes on. It is written out, since that makes it twice as fast.
func (t *table) two(dst, dst2 *[blockLen]byte, b, b2 []byte) bool {
	var acc, acc2 uint64
	have, have2, at, at2 := uint(0), uint(0), 0, 0
	for i := 0; i < blockLen-3; i += 4 {
		if at < 0 || at2 < 0 || at+8 > len(b) || at2+8 > len(b2) {
			return false
		}
		acc |= binary.BigEndian.Uint64(b[at:]) >> (have & 63)
		acc2 |= binary.BigEndian.Uint64(b2[at2:]) >> (have2 & 63)
		at, at2 = at+int((63-have)>>3), at2+int((63-have2)>>3)
		have, have2 = have|56, have2|56
		e, f := t[acc>>(64-maxBits)], t[acc2>>(64-maxBits)]
		acc, acc2, have, have2 = acc<<(e>>8&63), acc2<<(f>>8&63), have-uint(e>>8), have2-uint(f>>8)
		dst[i], dst2[i] = byte(e), byte(f)
		e, f = t[acc>>(64-maxBits)], t[acc2>>(64-maxBits)]
		acc, acc2, have, have2 = acc<<(e>>8&63), acc2<<(f>>8&63), have-uint(e>>8), have2-uint(f>>8)
		dst[i+1], dst2[i+1] = byte(e), byte(f)
		e, f = t[acc>>(64-maxBits)], t[acc2>>(64-maxBits)]
		acc, acc2, have, have2 = acc<<(e>>8&63), acc2<<(f>>8&63), have-uint(e>>8), have2-uint(f>>8)
		dst[i+2], dst2[i+2] = byte(e), byte(f)
		e, f = t[acc>>(64-maxBits)], t[acc2>>(64-maxBits)]
		acc, acc2, have, have2 = acc<<(e>>8&63), acc2<<(f>>8&63), have-uint(e>>8), have2-uint(f>>8)
		dst[i+3], dst2[i+3] = byte(e), byte(f)
	}
	return true
}
