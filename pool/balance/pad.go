package balance

// A pad keeps what one core writes off the cache lines that another one reads. It is two lines long because x86 processors
// fetch lines in pairs.
type pad [128]byte
