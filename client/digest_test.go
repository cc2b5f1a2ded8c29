package client

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDigestVectors has the examples of the RFCs.
func TestDigestVectors(t *testing.T) {
	for _, tt := range []struct {
		name, challenge        string
		user, password, method string
		uri, body, cnonce      string
		want                   []string
	}{
		{
			"RFC 7616, 3.9.1, MD5",
			`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
			"Mufasa", "Circle of Life", "GET", "/dir/index.html", "", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			[]string{`username="Mufasa"`, `response="8ca523f5e9506fed4657c9700eebdbec"`, "qop=auth", "nc=00000001", "algorithm=MD5", `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`},
		},
		{
			"RFC 7616, 3.9.1, SHA-256",
			`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
			"Mufasa", "Circle of Life", "GET", "/dir/index.html", "", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			[]string{`response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`, "algorithm=SHA-256"},
		},
		{
			"RFC 2617, 3.5",
			`Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "Circle Of Life", "GET", "/dir/index.html", "", "0a4f113b",
			[]string{`response="6629fae49393a05397450978507c4ef1"`},
		},
		{
			"RFC 2069 as corrected",
			`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"Mufasa", "CircleOfLife", "GET", "/dir/index.html", "", "",
			[]string{`response="1949323746fe6a43ef61f9606e7febea"`, `opaque="5ccc069c403ebaf9f0171e9517f40e41"`},
		},
		{
			"RFC 7616, 3.9.2, as corrected by its erratum 4897",
			`Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true`,
			"J\u00e4s\u00f8n Doe", "Secret, or not?", "GET", "/doe.json", "", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
			[]string{`username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"`, `response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"`, "userhash=true"},
		},
		{
			"curl 7.88.1, MD5-sess", `Digest realm="r \"q\"", nonce="n/1==", qop="auth", algorithm=MD5-sess`,
			`us"er`, "pa:ss", "GET", `/dir/x?a="b"`, "", "MGI0NTMyY2RiYjAxMTA0NGQzYmY0NThjMjc4ZjZhZjA=",
			[]string{`response="54874a9a4bc3e6f7314b9c2dbd5cc189"`, `username="us\"er"`, `realm="r \"q\""`},
		},
		{
			"curl 7.88.1, SHA-256-sess", `Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess, opaque="o"`,
			`us"er`, "pa:ss", "GET", `/dir/x?a="b"`, "", "ZjYwMjQ0YWMyMzA4YzdjMmQ2MmRlYjJlZmY3ODg0MmU=",
			[]string{`response="e08c579c4588154328e8844c8d51cfae8cac5f847094c36dba018251e1e60ad7"`},
		},
		{
			"curl 7.88.1, auth-int", `Digest realm="r", nonce="n", qop="auth-int"`,
			`us"er`, "pa:ss", "GET", `/dir/x?a="b"`, "", "Yzg3NWY3ZmZmM2VhYTFiZDQ5NTc2M2RjYjE2NzI2YjQ=",
			[]string{`response="3663fb2628ecde22f3521c65ef257fbe"`, "qop=auth-int"},
		},
		{
			"curl 7.88.1, userhash", `Digest realm="r", nonce="n", qop="auth", userhash=true`,
			`us"er`, "pa:ss", "GET", `/dir/x?a="b"`, "", "ZmE2ZTkwYjg5MjkxY2RhNDEwNTg2ZTZlMWI2ZGExYzE=",
			[]string{`response="2cd1f2e279f3665a74021fea893da685"`, `username="920b6270bb3ebe94aa04b59a84d9315d"`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, _ := chooseDigest([]string{tt.challenge})
			if n == nil {
				t.Fatal("no challenge was found")
			}
			n.count++
			got := n.prove(tt.user, tt.password, &AuthRequest{Method: tt.method, URI: tt.uri, Body: []byte(tt.body)}, tt.cnonce)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s is missing in %s", want, got)
				}
			}
		})
	}
}

// TestChallenges parses what servers send.
func TestChallenges(t *testing.T) {
	for _, tt := range []struct{ field, want string }{
		{`Basic realm="simple"`, `Basic{realm:simple}`},
		{`Basic`, `Basic{}`},
		{``, ``},
		{`, ,Basic , `, `Basic{}`},
		{`Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple"`, `Newauth{realm:apps title:Login to "apps" type:1} Basic{realm:simple}`},
		{`Negotiate, NTLM TlRMTVNTUAAB/+==, Digest Realm = "a, b" ,NONCE=n`, `Negotiate{} NTLM{} Digest{nonce:n realm:a, b}`},
		{`Negotiate abc`, `Negotiate{}`},
		{`Negotiate abc=, Basic x=y`, `Negotiate{} Basic{x:y}`},
		{`Digest nonce="",qop=`, `Digest{nonce:}`},
		{`Digest nonce="abc`, `Digest{}`},
		{`Digest nonce="abc\`, `Digest{}`},
		{`Digest a=1 b=2`, `Digest{a:1 b:2}`}, // no comma: lenient
		{`realm="x"`, ``},
		{`Basic "x"`, `Basic{}`},
		{"Digest realm=\"Ger\xe4te\"", "Digest{realm:Ger\xe4te}"},
		{`digest nonce=a,stale=TRUE`, `digest{nonce:a stale:TRUE}`},
	} {
		var all []string
		for _, c := range challenges(tt.field) {
			var params []string
			for _, k := range slices.Sorted(maps.Keys(c.params)) {
				params = append(params, k+":"+c.params[k])
			}
			all = append(all, fmt.Sprintf("%s{%s}", c.scheme, strings.Join(params, " ")))
		}
		if got := strings.Join(all, " "); tt.want != got {
			t.Errorf("%s: got %s, want %s", tt.field, got, tt.want)
		}
	}
}

// FuzzChallenges looks for fields that hang or crash the parser.
func FuzzChallenges(f *testing.F) {
	f.Add(`Negotiate abc=, Digest Realm = "a, b" ,NONCE=n`)
	f.Fuzz(func(t *testing.T, field string) {
		for _, c := range challenges(field) {
			if !isToken(c.scheme) {
				t.Errorf("%q has a scheme %q", field, c.scheme)
			}
		}
	})
}

// TestChooseDigest takes the first challenge that it can answer.
func TestChooseDigest(t *testing.T) {
	for _, tt := range []struct {
		fields []string
		want   string
	}{
		{[]string{`Basic realm=x`, `Digest realm=r, nonce=1`}, "1  MD5"},
		{[]string{`Digest nonce=1, algorithm=SHA-512, qop=auth`, `DIGEST nonce=2, algorithm=sha-256, qop="auth-int , auth"`}, "2 auth sha-256"},
		{[]string{`Digest nonce=1, algorithm=MD5-sess, qop="auth-int", Digest nonce=2`}, "1 auth-int MD5-sess"},
		{[]string{`Digest nonce=1, qop=other, Digest nonce=2, algorithm=SHA-512-256`}, "2  SHA-512-256"},
		{[]string{`Digest realm=r`, `Digest nonce=""`}, ""},
		{nil, ""},
	} {
		n, _ := chooseDigest(tt.fields)
		got := ""
		if n != nil {
			got = fmt.Sprint(n.nonce, " ", n.qop, " ", n.algorithm)
			if n.algorithm == "" {
				got += "MD5"
			}
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.fields, got, tt.want)
		}
	}
}
