package e5

import (
	"os"
	"syscall"
	"unsafe"
)

// leave tells the system that bytes embedded in the binary are not needed for
// now: their pages leave memory, and come back from the file when they are read
// again. Of other bytes it would make zeroes.
func leave(embedded []byte) {
	page := os.Getpagesize()
	first := (page - int(uintptr(unsafe.Pointer(unsafe.SliceData(embedded)))%uintptr(page))) % page
	if n := (len(embedded) - first) / page * page; n > 0 {
		_ = syscall.Madvise(embedded[first:first+n], syscall.MADV_DONTNEED) // it only saves memory
	}
}
