package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// A server is a process of this program's, or none if its program is missing.
type server struct {
	missing bool
	err     error
	address string
	cmd     *exec.Cmd
	ready   func() error  // whether it serves; nil if it does as soon as it accepts
	ended   chan struct{} // closed when cmd has ended, as result says
	result  error
	folder  string
	behind  *server // that it stands before, or nil
	output  bytes.Buffer
}

// servers has a function for each server that fills in the command and may prepare files.
var servers = map[string]func(s *server, host, port string) error{
	"redis": func(s *server, host, port string) error {
		return s.command("redis-server", "--bind", host, "--port", port, "--save", "", "--dir", s.folder)
	},
	"memcached": func(s *server, host, port string) error {
		return s.command("memcached", "-l", host, "-p", port, "-u", "nobody")
	},
	"nats": func(s *server, host, port string) error {
		return s.command("nats-server", "-a", host, "-p", port)
	},
	"mosquitto": func(s *server, host, port string) error {
		conf := fmt.Sprintf("listener %s %s\nallow_anonymous true\n", port, host)
		return s.commandWith(conf, "mosquitto", "-c", "FILE")
	},
	"nginx": func(s *server, host, port string) error {
		conf := fmt.Sprintf("daemon off; pid %s/pid; error_log stderr; events {} http { access_log off;\n", s.folder)
		for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			conf += fmt.Sprintf("%s_temp_path %s/%s;\n", what, s.folder, what) // theirs is for root alone
		}
		conf += fmt.Sprintf("server { listen %s:%s; location / { return 200 'hello from nginx'; } } }\n", host, port)
		return s.commandWith(conf, "nginx", "-c", "FILE", "-e", "stderr", "-p", s.folder)
	},
	"postgres": func(s *server, host, port string) error {
		bin, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
		if len(bin) == 0 {
			bin = []string{""}
		}
		initdb := exec.Command(filepath.Join(bin[len(bin)-1], "initdb"), "-D", s.folder+"/data", "-U", "postgres", "-A", "trust", "--no-sync")
		if err := s.asUser(initdb, "postgres"); err != nil {
			return err
		}
		if out, err := initdb.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, lastLine(string(out)))
		}
		if err := s.command(filepath.Join(bin[len(bin)-1], "postgres"), "-D", s.folder+"/data", "-h", host, "-p", port, "-k", s.folder, "-F"); err != nil {
			return err
		}
		s.ready = func() error { // it accepts while it starts up
			c, err := pgx.Connect(context.Background(), "postgres://postgres@"+s.address+"/postgres?sslmode=disable")
			if err != nil {
				return err
			}
			return c.Close(context.Background())
		}
		return s.asUser(s.cmd, "postgres")
	},
	"mariadb": func(s *server, host, port string) error {
		install := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+s.folder+"/data",
			"--auth-root-authentication-method=normal", "--skip-test-db")
		if err := s.asUser(install, "mysql"); err != nil {
			return err
		}
		if out, err := install.CombinedOutput(); err != nil {
			return fmt.Errorf("mariadb-install-db: %w: %s", err, lastLine(string(out)))
		}
		if err := s.command("mariadbd", "--no-defaults", "--datadir="+s.folder+"/data", "--bind-address="+host, "--port="+port,
			"--socket="+s.folder+"/s", "--pid-file="+s.folder+"/pid"); err != nil {
			return err
		}
		return s.asUser(s.cmd, "mysql")
	},
	"sshd": func(s *server, host, port string) error {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.folder+"/key").CombinedOutput(); err != nil {
			return missing(fmt.Errorf("ssh-keygen: %w: %s", err, out))
		}
		key, err := os.ReadFile(s.folder + "/key.pub")
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.folder+"/authorized", key, 0o600); err != nil {
			return err
		}
		_ = os.MkdirAll("/run/sshd", 0o755) // sshd insists on it
		conf := fmt.Sprintf("ListenAddress %s\nPort %s\nHostKey %s/key\nPidFile none\nAuthorizedKeysFile %s/authorized\n"+
			"StrictModes no\nUsePAM no\nPermitRootLogin yes\n", host, port, s.folder, s.folder)
		program, err := exec.LookPath("sshd")
		if err != nil {
			program = "/usr/sbin/sshd" // it insists on an absolute path
		}
		return s.commandWith(conf, program, "-D", "-e", "-f", "FILE")
	},
	"haproxy": func(s *server, host, port string) error {
		conf := fmt.Sprintf("defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"+
			"frontend f\n bind %s:%s\n http-request return status 200 content-type text/plain string hello\n", host, port)
		return s.commandWith(conf, "haproxy", "-db", "-f", "FILE")
	},
}

func missing(err error) error {
	if strings.Contains(err.Error(), "executable file not found") || os.IsNotExist(err) {
		return exec.ErrNotFound
	}
	return err
}

func (s *server) command(name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + filepath.Base(name)); err != nil {
			return exec.ErrNotFound
		}
	}
	s.cmd = exec.Command(path, args...)
	return nil
}

// commandWith is command with a file of configuration, for which the argument FILE stands.
func (s *server) commandWith(conf, name string, args ...string) error {
	file := s.folder + "/conf"
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return err
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	return s.command(name, args...)
}

// asUser has a command run as a user of that name, and the folder belong to him, if this
// process is root's; some servers refuse to run as root.
func (s *server) asUser(c *exec.Cmd, name string) error {
	if c.Err != nil {
		return exec.ErrNotFound
	}
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return exec.ErrNotFound
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(s.folder, uid, gid); err != nil {
		return err
	}
	c.Dir = s.folder
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return nil
}

// start starts a server and waits until it serves.
func start(name, folder string) *server {
	s := &server{folder: filepath.Join(folder, name)}
	s.err = s.start(servers[name])
	s.missing = s.err == exec.ErrNotFound
	return s
}

func (s *server) start(prepare func(s *server, host, port string) error) error {
	if err := os.Mkdir(s.folder, 0o755); err != nil {
		return err
	}
	_ = os.Chmod(filepath.Dir(s.folder), 0o755)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = ln.Addr().String()
	_ = ln.Close()
	host, port, _ := net.SplitHostPort(s.address)
	if err := prepare(s, host, port); err != nil {
		return err
	}
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if s.cmd.SysProcAttr == nil {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	s.cmd.SysProcAttr.Setpgid = true
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		s.result = s.cmd.Wait()
		close(s.ended)
	}()
	if s.ready == nil {
		s.ready = func() error {
			c, err := net.Dial("tcp", s.address)
			if err != nil {
				return err
			}
			return c.Close()
		}
	}
	for range 300 {
		if err = s.ready(); err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("it ends: %v: %s", s.result, lastLine(s.output.String()))
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("it does not serve at %s: %w", s.address, err)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// stop has the server end in order, and kills it if it does not.
func (s *server) stop() {
	if s.behind != nil {
		defer s.behind.stop()
	}
	if s.ended == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.ended
	}
}
