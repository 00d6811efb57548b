package main

import "fmt"

// What is asked under a key is done once, and answered alike from then on. While another server is at it, or when its answer
// was not kept, the same request is refused.
var keysModel = model("", func(done string, asked request, answered outcome) (bool, string) {
	if asked.kind == "count" {
		return answered.status == 200 && answered.value == map[bool]string{true: "0", false: "1"}[done == ""], done
	}
	switch answered.code {
	case "idempotency_in_flight":
		return true, done
	case "idempotency_answer_lost":
		return done != "", done
	}
	return answered.status == 201 && (done == "" || done == answered.value), answered.value
})

func runKeys(world *world) *history {
	owner := world.newPerson()
	path, key := world.newWorkspace(owner)+"/artifacts", unique()
	return together(6, 3, func(history *history, who, time int) {
		somebody := world.at(owner, who+time)
		if time == 1 && who%2 == 0 {
			history.note(request{kind: "count", who: who}, func() outcome {
				got := somebody.call("GET", path+"?limit=1", nil)
				return got.outcome(fmt.Sprint(got.body["total"]))
			})
			return
		}
		history.note(request{kind: "create", who: who}, func() outcome {
			got := somebody.call("POST", path, map[string]any{"name": "once"}, "Idempotency-Key", key)
			return got.outcome(got.field("id"))
		})
	})
}
