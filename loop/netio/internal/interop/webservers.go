package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Servers for the client of this module. Each has in its folder a file "urls" with the base
// URLs that requests are to be made to, for http and https, and "cert.pem".

func init() {
	servers["nginx-site"] = (*server).nginxSite
	servers["haproxy-site"] = func(s *server, host, port string) error {
		return s.before(func(site *server, plain, secure string) error {
			own, err := freePort()
			if err != nil {
				return err
			}
			conf := fmt.Sprintf("global\n maxconn 1000\n noreuseport\ndefaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n timeout http-keep-alive 30s\n"+
				"frontend f\n bind %s:%s\n bind %s:%s ssl crt %s/both.pem\n default_backend b\n"+
				"backend b\n http-reuse always\n server s %s\n", host, port, host, own, site.folder, plain)
			if err := s.site(site, "http://"+net.JoinHostPort(host, port), "https://"+net.JoinHostPort(host, own)); err != nil {
				return err
			}
			return s.commandWith(conf, "haproxy", "-db", "-f", "FILE")
		})
	}
	servers["tinyproxy"] = func(s *server, host, port string) error {
		return s.before(func(site *server, plain, secure string) error {
			conf := fmt.Sprintf("Port %s\nListen %s\nTimeout 60\nMaxClients 500\nLogLevel Critical\nBasicAuth me password\nLogFile \"%s/log\"\n", port, host, s.folder)
			if err := s.site(site, "http://"+plain, "https://"+secure); err != nil {
				return err
			}
			return s.commandWith(conf, "tinyproxy", "-d", "-c", "FILE")
		})
	}
	servers["squid"] = func(s *server, host, port string) error {
		return s.before(func(site *server, plain, secure string) error {
			conf := fmt.Sprintf("http_port %s:%s\nhttp_access allow all\ncache deny all\ncache_log stdio:%s/cache.log\naccess_log none\npid_filename none\n"+
				"shutdown_lifetime 0 seconds\ncoredump_dir %s\nmax_filedescriptors 4096\npinger_enable off\nnetdb_filename none\n", host, port, s.folder, s.folder)
			if err := s.site(site, "http://"+plain, "https://"+secure); err != nil {
				return err
			}
			if err := s.commandWith(conf, "squid", "-N", "-f", "FILE"); err != nil {
				return err
			}
			return s.asUser(s.cmd, "proxy")
		})
	}
	servers["microsocks"] = func(s *server, host, port string) error {
		return s.before(func(site *server, plain, secure string) error {
			if err := s.site(site, "http://"+plain, "https://"+secure); err != nil {
				return err
			}
			return s.command("microsocks", "-i", host, "-p", port, "-u", "me", "-P", "password")
		})
	}
}

// nginxSite is nginx with files, uploads, and all that closes connections.
func (s *server) nginxSite(host, port string) error {
	secure, err := freePort()
	if err != nil {
		return err
	}
	if err := s.makeSite(); err != nil {
		return err
	}
	conf := "daemon off; worker_processes 1; "
	if os.Getuid() == 0 {
		conf += "user root; "
	}
	conf += fmt.Sprintf("pid %s/pid; error_log stderr crit; events { worker_connections 1000; } http { access_log off;\n", s.folder)
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		conf += fmt.Sprintf("%s_temp_path %s/%s;\n", what, s.folder, what)
	}
	conf += fmt.Sprintf(`
limit_conn_zone $server_name zone=all:1m;
keepalive_requests 20; keepalive_timeout 60s;
types { text/plain txt; text/html shtml; }
gzip on; gzip_min_length 1000; gzip_types text/plain; gzip_proxied any;
server { listen %s:%s; listen %s:%s ssl; server_name site; root %s;
 ssl_certificate %[5]s/cert.pem; ssl_certificate_key %[5]s/key.pem;
 client_max_body_size %d;
 location /www/ { ssi on; }
 location /put/ { dav_methods PUT; create_full_put_path on; }
 location /limited/ { alias %[5]s/www/; limit_conn all 2; limit_rate 3m; }
 location /moved/ { rewrite ^/moved/(.*)$ /www/$1 redirect; }
} }`, host, port, host, secure, s.folder, maxUpload)
	if err := s.site(s, "http://"+net.JoinHostPort(host, port), "https://"+net.JoinHostPort(host, secure)); err != nil {
		return err
	}
	return s.commandWith(conf, "nginx", "-c", "FILE", "-e", "stderr", "-p", s.folder)
}

// makeSite makes the files to be served, and a certificate.
func (s *server) makeSite() error {
	if err := os.MkdirAll(s.folder+"/www", 0o755); err != nil {
		return err
	}
	for _, n := range sizes {
		for _, ext := range []string{"", ".txt", ".shtml"} {
			if err := os.WriteFile(fmt.Sprintf("%s/www/%d%s", s.folder, n, ext), pattern(n), 0o644); err != nil {
				return err
			}
		}
	}
	config, err := testTLS()
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey.(ed25519.PrivateKey))
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificates[0].Certificate[0]})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for name, text := range map[string][]byte{"cert": cert, "key": secret, "both": append(cert, secret...)} {
		if err := os.WriteFile(s.folder+"/"+name+".pem", text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// before starts an nginx, which this server stands before.
func (s *server) before(prepare func(site *server, plain, secure string) error) error {
	site := start("nginx-site", s.folder)
	s.behind = site
	if site.missing {
		return exec.ErrNotFound
	}
	if site.err != nil {
		return site.err
	}
	var plain, secure string
	urls, err := os.ReadFile(site.folder + "/urls")
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(string(urls), "http://%s https://%s", &plain, &secure); err != nil {
		return err
	}
	return prepare(site, plain, secure)
}

// site says where requests are to be made to, and gives the certificate.
func (s *server) site(from *server, plain, secure string) error {
	cert, err := os.ReadFile(filepath.Join(from.folder, "cert.pem"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.folder, "cert.pem"), cert, 0o644); err != nil {
		return err
	}
	if s == from || plain != "http://"+from.address { // requests are made to s itself
		s.ready = func() error { return isSite(plain) }
	}
	return os.WriteFile(filepath.Join(s.folder, "urls"), []byte(plain+" "+secure+"\n"), 0o644)
}

// isSite checks that the site is at url. The port was free, and may be another program's by now.
func isSite(url string) error {
	t := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: t, Timeout: time.Second}).Get(url + "/www/100")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && string(body) != string(pattern(100)) {
		err = fmt.Errorf("another program is at %s", url)
	}
	return err
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, err
}
