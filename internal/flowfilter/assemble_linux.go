package flowfilter

import (
	"github.com/cilium/ebpf/asm"
)

// Registers of the programs.
const (
	regField   = asm.R0
	regData    = asm.R2 // of XDP: where the frame begins
	regEnd     = asm.R3 // of XDP: where it ends
	regBound   = asm.R4
	regContext = asm.R6 // loads of a packet's fields expect it there, and calls leave it alone
)

// A dialect is how a kind of program reads a frame.
type dialect struct {
	length func(atLeast int32, no string) asm.Instructions // goes on at no when the frame is shorter
	field  func(at, size int) asm.Instructions             // loads a field in the machine's order
}

var sizes = map[int]asm.Size{1: asm.Byte, 2: asm.Half, 4: asm.Word}

// skb is that of programs which are given a packet of the kernel.
var skb = dialect{
	length: func(n int32, no string) asm.Instructions {
		return asm.Instructions{asm.LoadMem(regField, regContext, skbLength, asm.Word), asm.JLT.Imm(regField, n, no)}
	},
	field: func(at, size int) asm.Instructions {
		return asm.Instructions{asm.LoadAbs(int32(at), sizes[size])}
	},
}

// xdp is that of programs which are given the bytes of the frame. The verifier wants to see the bound of what is read.
var xdp = dialect{
	length: func(n int32, no string) asm.Instructions {
		return asm.Instructions{
			asm.Mov.Reg(regBound, regData),
			asm.Add.Imm(regBound, n),
			asm.JGT.Reg(regBound, regEnd, no),
		}
	},
	field: func(at, size int) asm.Instructions {
		load := asm.Instructions{asm.LoadMem(regField, regData, int16(at), sizes[size])}
		if size > 1 {
			load = append(load, asm.HostTo(asm.BE, regField, sizes[size]))
		}
		return load
	},
}

// assemble writes the steps. Numbers are compared in 32 bits: an immediate operand of 64 would be extended with its sign.
func (d dialect) assemble(p []step) (out asm.Instructions) {
	for _, s := range p {
		var ins asm.Instructions
		switch {
		case s.value == never.value && s.size == 0:
			ins = asm.Instructions{asm.Ja.Label(leave)}
		case s.size == 0:
			ins = d.length(int32(s.value), s.no)
			if s.yes != "" {
				ins = append(ins, asm.Ja.Label(s.yes))
			}
		default:
			ins = d.field(s.at, s.size)
			if s.mask != 0 {
				ins = append(ins, asm.And.Imm32(regField, int32(s.mask)))
			}
			if s.yes != "" {
				ins = append(ins, asm.JEq.Imm32(regField, int32(s.value), s.yes))
			}
			switch {
			case s.no != "" && s.yes != "":
				ins = append(ins, asm.Ja.Label(s.no))
			case s.no != "":
				ins = append(ins, asm.JNE.Imm32(regField, int32(s.value), s.no))
			}
		}
		if s.name != "" {
			ins[0] = ins[0].WithSymbol(s.name)
		}
		out = append(out, ins...)
	}
	return out
}
