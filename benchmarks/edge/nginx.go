//go:build linux

package main

import (
	"fmt"

	"github.com/leat-io/leat/benchmarks/measure"
)

// nginxHead is what both have in common. Without a master, the process that is started is the one that works.
const nginxHead = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log /dev/null crit;
worker_rlimit_nofile 20000;
events {
  worker_connections 19990;
  multi_accept on;
}
`

// nginx has its defaults: proxy_buffer_size 4k, a listener with reuseport, and accepting one connection at a time instead of all
// stayed within what runs differ.
func (p programs) nginx(backend string) measure.Server {
	return p.nginxSet("nginx", "16k", backend)
}

// nginxStream has greater buffers: of 64 KiB they carry 1.3 times what those of 16 KiB do, of 256 KiB twice that, of a MiB 2.5 times.
// It cannot splice.
func (p programs) nginxStream(backend string) measure.Server {
	return p.nginxSet("nginx-stream", "1m", backend)
}

func (p programs) nginxSet(name, buffer, backend string) measure.Server {
	return p.configured(name, func(addr string) string {
		return fmt.Sprintf("load_module "+streamPath+";\n"+nginxHead+`stream {
  server {
    listen %[2]s backlog=4096;
    proxy_pass %[3]s;
    proxy_timeout 1h;
    proxy_buffer_size %[4]s;
  }
}
`, p.dir, addr, backend, buffer)
	}, p.nginxCommand)
}

func (p programs) nginxTLS(curve string) measure.Server {
	return p.configured("nginx-tls", func(addr string) string {
		return fmt.Sprintf(nginxHead+`http {
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 100000000;
  client_body_temp_path %[1]s;
  proxy_temp_path %[1]s;
  server {
    listen %[2]s ssl backlog=4096;
    ssl_certificate %[3]s;
    ssl_certificate_key %[4]s;
    ssl_protocols TLSv1.3;
    ssl_ecdh_curve %[5]s;
    location / { return 200 ok; }
  }
}
`, p.dir, addr, p.cert(), p.key(), curve)
	}, p.nginxCommand)
}

func (p programs) nginxCommand(file string) []string {
	return []string{nginxPath, "-p", p.dir, "-e", "/dev/null", "-c", file}
}
