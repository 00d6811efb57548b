package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// request is what somebody asked for: what, by whom, and of what.
type request struct {
	kind   string
	who    int
	target string
	value  string
}

// outcome is what was answered, as far as a rule looks at it.
type outcome struct {
	status int
	code   string
	value  string
	etag   string
}

// isRefused says whether nothing was done.
func (o outcome) isRefused() bool { return o.status >= 400 }

// isNotForThem says whether it was refused for who asked.
func (o outcome) isNotForThem() bool { return o.status == 403 || o.status == 404 }

// history is what several people asked at once, and were answered.
type history struct {
	began      time.Time
	lock       sync.Mutex
	operations []porcupine.Operation
	faults     []string
}

// together has several people do something, each a number of times, who all begin at once.
func together(people, times int, do func(history *history, who, time int)) *history {
	found := &history{began: time.Now()}
	begin, all := make(chan struct{}), sync.WaitGroup{}
	for who := range people {
		all.Go(func() {
			<-begin
			for time := range times {
				do(found, who, time)
			}
		})
	}
	close(begin)
	all.Wait()
	return found
}

// note has something asked, and keeps note of when, and of the answer.
func (h *history) note(asked request, ask func() outcome) outcome {
	call := time.Since(h.began)
	answered := ask()
	end := time.Since(h.began)
	h.lock.Lock()
	defer h.lock.Unlock()
	switch {
	case answered.status == 503 && answered.code != "outcome_unknown":
		// Too busy: nothing was done.
	case answered.status == 0 || answered.status >= 500:
		h.faults = append(h.faults, fmt.Sprintf("%v: %v", asked, answered))
	default:
		h.operations = append(h.operations, porcupine.Operation{
			ClientId: asked.who, Input: asked, Call: call.Nanoseconds(), Output: answered, Return: end.Nanoseconds(),
		})
	}
	return answered
}

func (h *history) refused() int {
	count := 0
	for _, operation := range h.operations {
		if operation.Output.(outcome).isRefused() {
			count++
		}
	}
	return count
}

// String has a line for each operation, in the order in which they were asked.
func (h *history) String() string {
	slices.SortFunc(h.operations, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	for _, operation := range h.operations {
		fmt.Fprintf(&text, "  %9.3f to %9.3f ms: %+v: %+v\n", float64(operation.Call)/1e6, float64(operation.Return)/1e6,
			operation.Input, operation.Output)
	}
	return text.String()
}

// model is a rule: whether, in a state, a request can be answered so, and the state after it.
func model[S comparable](begin S, step func(state S, asked request, answered outcome) (bool, S)) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return begin },
		Step: func(state, asked, answered any) (bool, any) {
			return step(state.(S), asked.(request), answered.(outcome))
		},
	}
}

// set is some short texts, as a text that can be compared.
type set string

func (s set) has(text string) bool { return slices.Contains(strings.Fields(string(s)), text) }

func (s set) with(text string) set { return setOf(append(strings.Fields(string(s)), text)) }

func (s set) without(text string) set {
	return setOf(slices.DeleteFunc(strings.Fields(string(s)), func(other string) bool { return other == text }))
}

func (s set) size() int { return len(strings.Fields(string(s))) }

func setOf(texts []string) set {
	slices.Sort(texts)
	return set(strings.Join(texts, " "))
}

// after puts what was before at the beginning.
func (h *history) after(before *history) *history {
	for _, operation := range before.operations {
		operation.Call, operation.Return = -2, -1
		h.operations = append(h.operations, operation)
	}
	h.faults = append(h.faults, before.faults...)
	return h
}
