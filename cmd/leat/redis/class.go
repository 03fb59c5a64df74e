package redis

// A class says what becomes of a command.
type class uint8

const (
	refused   class = iota // with an error that says why
	keyed                  // it goes to the shard that has all its keys
	sorting                // keyed, and SORT
	values                 // MGET: split by key, and the values come in the order of the keys
	sums                   // DEL and the like: split by key, and the numbers are added
	sets                   // MSET: split by key with value
	counts                 // asked of all shards, and the numbers are added
	succeeds               // asked of all shards, and one answer stands for all
	lists                  // asked of all shards, and the lists are put one behind the other
	ands                   // asked of all shards, and of the lists of numbers the least of each place is taken
	scans                  // asked of one shard after the other, which the cursor remembers
	anywhere               // asked of the first shard, which answers as any other would
	channels               // asked of the server that has the channels
	listens                // SUBSCRIBE and the like
	whole                  // asked of the only shard; refused when there are several
	talks                  // about the connection: answered here
	transacts              // MULTI and the like: begins or ends a transaction
)

// Why commands are refused.
const (
	whyServer   = "it is about one server, and may harm everybody who shares it"
	whyCluster  = "this is no node of a cluster"
	whyConn     = "it is about the connection to a server, which clients share here"
	whySeveral  = "it would have to look at several servers as one"
	whyInternal = "it is for servers among themselves"
	whySecret   = "it shows what the proxy and its other clients have asked, and with it what tells their replies apart"
	whyUnserved = "nobody has said where its data is"
)

// classes are those of commands that are not simply keyed, and those of subcommands.
var classes = map[string]class{
	"sort": sorting, "sort_ro": sorting,
	"mget": values, "mset": sets, "del": sums, "unlink": sums, "exists": sums, "touch": sums,
	"dbsize": counts, "flushall": succeeds, "flushdb": succeeds, "keys": lists, "scan": scans,
	"script|load": succeeds, "script|flush": succeeds, "script|exists": ands,

	"memory|usage": keyed, "time": anywhere, "lolwut": anywhere, "command": anywhere, "command|count": anywhere, "command|docs": anywhere,
	"command|getkeys": anywhere, "command|getkeysandflags": anywhere, "command|help": anywhere, "command|info": anywhere,
	"command|list": anywhere, "object|help": anywhere, "pubsub|help": anywhere, "script|help": anywhere, "xgroup|help": anywhere, "xinfo|help": anywhere, "memory|help": anywhere,

	"publish": channels, "spublish": channels, "pubsub|channels": channels, "pubsub|numpat": channels, "pubsub|numsub": channels,
	"pubsub|shardchannels": channels, "pubsub|shardnumsub": channels,
	"subscribe": listens, "psubscribe": listens, "ssubscribe": listens, "unsubscribe": listens, "punsubscribe": listens, "sunsubscribe": listens,

	"randomkey": whole, "swapdb": whole, "lastsave": whole, "memory|doctor": whole, "memory|malloc-stats": whole, "memory|stats": whole,
	"slowlog|len": whole, "slowlog|help": whole, "latency|doctor": whole, "latency|graph": whole,
	"latency|histogram": whole, "latency|history": whole, "latency|latest": whole, "latency|help": whole,
	"function|list": whole, "function|load": whole, "function|delete": whole, "function|dump": whole, "function|flush": whole,
	"function|restore": whole, "function|stats": whole, "function|help": whole,

	"ping": talks, "echo": talks, "auth": talks, "hello": talks, "select": talks, "quit": talks, "reset": talks, "info": talks,
	"client|id": talks, "client|getname": talks, "client|setname": talks, "client|info": talks, "client|no-evict": talks, "client|setinfo": talks,
	"config|get": talks,

	"multi": transacts, "exec": transacts, "discard": transacts, "watch": transacts, "unwatch": transacts,
}

// refusals say why a command, or with it all its subcommands that have no class, is not served.
var refusals = map[string]string{
	"acl": whyServer, "bgrewriteaof": whyServer, "bgsave": whyServer, "save": whyServer, "config": whyServer, "debug": whyServer,
	"failover": whyServer, "latency": whyServer, "module": whyServer, "monitor": whyServer, "replicaof": whyServer, "slaveof": whyServer,
	"role": whyServer, "shutdown": whyServer, "slowlog": whyServer, "memory": whyServer, "pfdebug": whyServer, "pfselftest": whyServer, "script": whyServer, "function": whyServer,
	"cluster": whyCluster, "asking": whyCluster, "readonly": whyCluster, "readwrite": whyCluster,
	"client": whyConn, "wait": whyConn, "slowlog|get": whySecret,
	"migrate": "the server would connect to another one by itself",
	"psync":   whyInternal, "replconf": whyInternal, "sync": whyInternal, "restore-asking": whyInternal,
}

// primary are commands that change nothing and yet want the primary: what they ask about is not the same on a replica.
var primary = map[string]bool{
	"eval_ro": true, "evalsha_ro": true, "fcall_ro": true, "touch": true, "object|freq": true, "object|idletime": true, "object|encoding": true,
	"object|refcount": true, "memory|usage": true, "dbsize": true, "keys": true, "scan": true,
	"hscan": true, "sscan": true, "zscan": true, // their cursors mean nothing to another server
}

// table is the commands by name, all that the generated one has and CLIENT SETINFO, which later versions have and clients use.
var table = func() map[string]*Spec {
	m := make(map[string]*Spec, len(generated))
	for i := range generated {
		s := &generated[i]
		if s.Name == "client" {
			s.subs = append(s.subs, Spec{Name: "client|setinfo", Arity: 4})
		}
		s.prepare("")
		m[s.Name] = s
	}
	return m
}()

// prepare derives from what was generated what the proxy does. why is the refusal of the command that s is a subcommand of.
func (s *Spec) prepare(why string) {
	if w, ok := refusals[s.Name]; ok {
		why = w
	}
	c, ok := classes[s.Name]
	switch {
	case ok:
		s.class = c
	case len(s.keys) > 0 && why == "":
		s.class = keyed
	}
	switch {
	case s.class == whole:
		s.why = whySeveral
	case why != "":
		s.why = why
	default:
		s.why = whyUnserved
	}
	if s.class == refused {
		s.keys = nil // nobody looks for them, and those of MIGRATE would be found from the end
	}
	s.read = s.read && !primary[s.Name]
	if len(s.keys) == 1 && s.keys[0].single() && s.class != sorting {
		s.only = s.keys[0].from
	}
	for i := range s.subs {
		s.subs[i].prepare(why)
	}
}

// single says whether there is always one key.
func (k *keySpec) single() bool { return k.keyword == "" && !k.counted && k.last == 0 }
