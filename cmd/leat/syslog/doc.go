// Package syslog receives the messages of RFC 5424 and RFC 3164, one in each datagram (RFC 5426), and writes them as lines of JSON.
//
//	{"received":"…","peer":"192.0.2.7:514","format":"rfc5424","facility":"user","severity":"notice","timestamp":"…","host":"web1","app":"nginx","message":"…"}
//
// Which format a message has it says itself: RFC 5424 has a version behind the priority. Timestamps of RFC 3164 have neither a year
// nor a zone: they are read as of this machine's zone and of the year that puts them within half a year of now.
//
// What is not well-formed is counted. With BestEffort it is written nevertheless, with what could be read of it and with the error;
// when nothing could, all of it is the message, as RFC 3164 (4.3.3) has it, of facility user and severity notice.
package syslog
