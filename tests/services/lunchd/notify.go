package main

import (
	"fmt"
	"log"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/coreos/go-systemd/daemon"
)

// notify tells the service manager, when there is one that listens.
func notify(assignments ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(assignments, "\n")); err != nil {
		log.Printf("cannot tell the service manager: %s", err)
	}
}

// beat keeps the watchdog quiet, at half of the interval that it asks for.
func beat() {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	for range time.Tick(interval / 2) {
		notify("WATCHDOG=1")
	}
}

// monotonic is the assignment that a reload begins with, so that the manager can tell this one from an
// earlier one (Type=notify-reload).
func monotonic() string {
	const clockMonotonic = 1
	var now syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if errno != 0 {
		log.Printf("no monotonic clock: %s", errno)
	}
	return fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000)
}
