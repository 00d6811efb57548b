package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	password = "Correct-horse-7"
	// workspacesOfEach is how many workspaces an account may own, as the servers are told.
	workspacesOfEach = 3
)

// world is two servers, and an operator of them.
type world struct {
	servers    []string
	operator   string
	workspaces int
}

// person is somebody who asks one of the servers.
type person struct {
	server, token, id, email string
}

// answer is what came back.
type answer struct {
	status int
	etag   string
	text   []byte
	body   map[string]any
}

var client = http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}

// call asks one thing. Headers are given by pairs.
func (p person) call(method, path string, body any, headers ...string) answer {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			panic(err)
		}
	}
	asked, err := http.NewRequest(method, p.server+path, &content)
	if err != nil {
		panic(err)
	}
	asked.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		asked.Header.Set("Authorization", "Bearer "+p.token)
	}
	for at := 0; at+1 < len(headers); at += 2 {
		asked.Header.Set(headers[at], headers[at+1])
	}
	came, err := client.Do(asked)
	if err != nil {
		return answer{text: []byte(err.Error())}
	}
	defer came.Body.Close()
	text, err := io.ReadAll(came.Body)
	if err != nil {
		return answer{text: []byte(err.Error())}
	}
	found := answer{status: came.StatusCode, etag: came.Header.Get("ETag"), text: text}
	_ = json.Unmarshal(text, &found.body)
	return found
}

// field is a text of the answer.
func (a answer) field(name string) string {
	text, _ := a.body[name].(string)
	return text
}

// list is an answer that is a list.
func (a answer) list() (items []map[string]any) {
	_ = json.Unmarshal(a.text, &items)
	return items
}

// outcome is the answer with the value that a rule looks at.
func (a answer) outcome(value string) outcome {
	return outcome{status: a.status, code: a.field("code"), value: value, etag: a.etag}
}

// must is an answer without which nothing can go on.
func (a answer) must(status int) answer {
	if a.status != status {
		fmt.Fprintf(os.Stderr, "linearizability: %d instead of %d: %s\n", a.status, status, a.text)
		os.Exit(1)
	}
	return a
}

// at is the same person at another server: each number has its own.
func (w *world) at(somebody person, number int) person {
	somebody.server = w.servers[number%len(w.servers)]
	return somebody
}

// operators is who operates the servers.
func (w *world) operators() person { return person{server: w.servers[0], token: w.operator} }

// newPerson is somebody who has just registered.
func (w *world) newPerson() person {
	somebody := person{server: w.servers[0], email: unique() + "@example.com"}
	secrets := map[string]any{"email": somebody.email, "password": password}
	somebody.id = somebody.call("POST", "/api/v1/auth/register", secrets).must(201).field("user_id")
	somebody.token = somebody.call("POST", "/api/v1/auth/login", secrets).must(200).field("access_token")
	return somebody
}

// newWorkspace is the path of a workspace of somebody.
func (w *world) newWorkspace(owner person) string {
	made := owner.call("POST", "/api/v1/workspaces", map[string]any{"name": unique()}).must(201)
	return "/api/v1/workspaces/" + made.field("id")
}

func unique() string { return "x" + rand.Text() }
