package main

// libraries are the rows of the table. The code to write is Markdown.
var libraries = []library{
	{"bufio+textproto", "", inTask, "memcached", "`textproto.NewConn(conn)`", tryTextproto},
	{"net/http.messages", "", inTask, "haproxy", "`req.Write(conn)`; `http.ReadResponse`", tryMessages},
	{"crypto/tls", "", inTask, "", "`netio.DialTLS`, `netio.ListenTLS`", tryTLS},
	{"fasthttp", "github.com/valyala/fasthttp", inTask, "", "`server.ServeConn(conn)`; `HostClient.Dial = dialer.Dial`", tryFasthttp},
	{"pgx", "github.com/jackc/pgx/v5", inTask, "postgres", "`config.DialFunc = dialer.DialContext`", tryPgx},
	{"pq", "github.com/lib/pq", inTask, "postgres", "`connector.Dialer(…)`; a `sql.DB` of one task's", tryLibPq},
	{"redigo", "github.com/gomodule/redigo", inTask, "redis", "`redis.DialContextFunc(dialer.DialContext)`", tryRedigo},
	{"mysql", "github.com/go-sql-driver/mysql", inTask, "mariadb", "`mysql.RegisterDialContext`; a `sql.DB` of one task's", tryMySQL},
	{"gomemcache", "github.com/bradfitz/gomemcache", inTask, "memcached", "`client.DialContext = dialer.DialContext`", tryMemcache},
	{"gorilla/websocket", "github.com/gorilla/websocket", inTask, "", "`NetDialContext` returns `netio.NewStream(y, conn)`", tryWebsocket},
	{"miekg/dns", "github.com/miekg/dns", inTask, "", "`client.ExchangeWithConn(m, &dns.Conn{Conn: packetConn})`", tryDNS},

	{"client", "", inTask, "nginx-site", "", tryClient},
	{"client.haproxy", "", inTask, "haproxy-site", "", tryClient},
	{"client.tinyproxy", "", inTask, "tinyproxy", "", tryClientProxy("http://me:password@")},
	{"client.squid", "", inTask, "squid", "", tryClientProxy("http://")},
	{"client.microsocks", "", inTask, "microsocks", "", tryClientProxy("socks5://me:password@")},

	{"net/http", "", inBlock, "nginx", "`Transport.DialContext = dialer.DialContext`", tryHTTP},
	{"net/http.server", "", inBlock, "", "`server.Serve(listener)`", tryHTTPServer},
	{"net.Resolver", "", inBlock, "", "`Resolver{PreferGo: true, Dial: dialer.DialContext}`", tryResolver},
	{"go-redis", "github.com/redis/go-redis/v9", inBlock, "redis", "`Options.Dialer = dialer.DialContext`", tryGoRedis},
	{"pgxpool", "github.com/jackc/pgx/v5", inBlock, "postgres", "`ConnConfig.DialFunc = dialer.DialContext`", tryPgxPool},
	{"database/sql", "github.com/go-sql-driver/mysql", inBlock, "mariadb", "`mysql.RegisterDialContext`", tryDatabaseSQL},
	{"nats", "github.com/nats-io/nats.go", inBlock, "nats", "`nats.SetCustomDialer(dialer)`", tryNats},
	{"paho.mqtt", "github.com/eclipse/paho.mqtt.golang", inBlock, "mosquitto", "`SetCustomOpenConnectionFn`", tryMQTT},
	{"ssh", "golang.org/x/crypto", inBlock, "sshd", "`ssh.NewClientConn(conn, …)`", trySSH},
	{"grpc", "google.golang.org/grpc", inBlock, "", "`grpc.WithContextDialer`; `server.Serve(listener)`", tryGRPC},
	{"quic-go", "github.com/quic-go/quic-go", inBlock, "", "`quic.Transport{Conn: packetConn}`", tryQUIC},
	{"yamux", "github.com/hashicorp/yamux", inBlock, "", "`yamux.Client(conn, …)`", tryYamux},
	{"smux", "github.com/xtaci/smux", inBlock, "", "`smux.Client(conn, …)`", trySmux},
	{"coder/websocket", "github.com/coder/websocket", inBlock, "", "`HTTPClient.Transport.DialContext = dialer.DialContext`", tryCoder},
}
