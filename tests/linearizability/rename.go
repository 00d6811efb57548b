package main

import "fmt"

// artifact is its name, and the tag that it has with it.
type artifact struct{ name, etag string }

// A tag is good until the next change, by anyone. The first one is what is there at first.
var renameModel = model(artifact{}, func(state artifact, asked request, answered outcome) (bool, artifact) {
	switch asked.kind {
	case "made":
		return state == artifact{}, artifact{answered.value, answered.etag}
	case "rename":
		if asked.target != state.etag {
			return answered.status == 412, state
		}
		return answered.status == 200 && answered.value == asked.value && answered.etag != state.etag, artifact{answered.value, answered.etag}
	default:
		return answered.status == 200 && state == artifact{answered.value, answered.etag}, state
	}
})

func runRename(world *world) *history {
	owner := world.newPerson()
	path := world.newWorkspace(owner) + "/artifacts"
	made := owner.call("POST", path, map[string]any{"name": "first"}).must(201)
	path += "/" + made.field("id")
	first := outcome{status: made.status, value: "first", etag: made.etag}
	before := together(1, 1, func(history *history, who, _ int) {
		history.note(request{kind: "made", who: who}, func() outcome { return first })
	})
	found := together(4, 4, func(history *history, who, time int) {
		somebody := world.at(owner, who+time)
		seen := history.note(request{kind: "read", who: who}, func() outcome {
			got := somebody.call("GET", path, nil)
			return got.outcome(got.field("name"))
		})
		name := fmt.Sprintf("name %d of %d", time, who)
		history.note(request{kind: "rename", who: who, target: seen.etag, value: name}, func() outcome {
			got := somebody.call("PATCH", path, map[string]any{"name": name}, "If-Match", seen.etag)
			return got.outcome(got.field("name"))
		})
	})
	return found.after(before)
}
