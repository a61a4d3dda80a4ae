// Attaching: a segment that is mapped becomes a table that can be believed. Relies on segment, header and describe.

//go:build linux && (amd64 || arm64 || loong64 || riscv64)

package shmrecord

import (
	"encoding/hex"
	"os"
	"strings"
)

// expectation is what a type says of its record.
type expectation struct {
	layoutID, schemaID uint64
	size, align        uint32
	description        *description
}

// open maps the segment and checks it; on failure nothing stays mapped.
func open(place address, expected *expectation, options *Options, t task) (*segment, *header, error) {
	segment, err := attach(place, options, t)
	if err != nil {
		return nil, nil, err
	}
	header, err := validate(segment, place, expected, options, t)
	if err != nil {
		// The error to report is the one that led here.
		_ = segment.detach()
		return nil, nil, err
	}
	return segment, header, nil
}

func validate(s *segment, place address, expected *expectation, options *Options, t task) (*header, error) {
	// The magic is stored last: behind it, everything is there.
	if s.load(0) == 0 {
		return nil, t.fail(NotReady, "its creator has not finished it")
	}
	h, err := decodeHeader(s.copyBytes(0, headerBytes), s.bytes, t)
	if err != nil {
		return nil, err
	}
	if !options.AnyBoot && ofAnotherBoot(h.bootID) {
		return nil, t.fail(StaleBoot, "made before the machine last booted")
	}
	if !place.isFile {
		here := ipcNamespace()
		if here != 0 && h.guardDevice != 0 && here != h.guardDevice {
			return nil, t.fail(NamespaceMismatch, "made in another IPC namespace")
		}
	}
	if s.load(stateWord) == retired {
		return nil, t.fail(Retired, "removed meanwhile")
	}
	return h, checkLayout(s, h, expected, t)
}

// checkLayout compares the segment's record with the type's, in layout and in meaning; the error names the first difference.
func checkLayout(s *segment, h *header, expected *expectation, t task) error {
	if h.layoutID == expected.layoutID && h.schemaID == expected.schemaID && h.recordBytes == expected.size &&
		h.recordAlign == expected.align {
		return nil
	}
	data := s.copyBytes(h.descriptionAt, h.descriptionBytes)
	if fnv1a(data) != h.descriptionChecksum {
		return t.fail(DescriptionCorrupt, "description corrupt: its checksum does not match")
	}
	theirs, err := decodeDescription(data)
	if err != nil {
		return t.fail(DescriptionCorrupt, "description corrupt: %v", err)
	}
	difference := firstDifference(theirs, expected.description)
	if difference == "" {
		return t.fail(LayoutMismatch, "layout mismatch: schema %016x in the segment, %016x here", h.schemaID,
			expected.schemaID)
	}
	return t.fail(LayoutMismatch, "layout mismatch: %s", difference)
}

// ofAnotherBoot tells whether the machine has booted since, as far as both boots are known.
func ofAnotherBoot(then [16]byte) bool {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || then == [16]byte{} {
		return false
	}
	now, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	return err == nil && string(now) != string(then[:])
}
