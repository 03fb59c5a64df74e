// The compiler accepts functions without a body, which the linker finds elsewhere, where there is a file of assembly.
