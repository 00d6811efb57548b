package main

import (
	"fmt"
	"strconv"
)

// artifactsOfEach is how many artifacts the workspaces of this check may have.
const artifactsOfEach = 4

// things are artifacts in their place, and in the trash.
type things struct{ live, trash set }

// What is in the trash counts as well; a list has what is not.
var artifactsModel = model(things{}, func(state things, asked request, answered outcome) (bool, things) {
	switch asked.kind {
	case "create":
		if state.live.size()+state.trash.size() >= artifactsOfEach {
			return answered.code == "quota_exceeded", state
		}
		return answered.status == 201 && !state.live.has(answered.value), things{state.live.with(answered.value), state.trash}
	case "delete":
		if !state.live.has(asked.target) {
			return answered.isRefused(), state
		}
		return answered.status == 204, things{state.live.without(asked.target), state.trash.with(asked.target)}
	case "purge":
		if !state.trash.has(asked.target) {
			return answered.isRefused(), state
		}
		return answered.status == 204, things{state.live, state.trash.without(asked.target)}
	default:
		return answered.status == 200 && answered.value == strconv.Itoa(state.live.size()), state
	}
})

// runArtifacts makes, deletes and purges artifacts in one workspace, its own and those of others.
func runArtifacts(world *world) *history {
	owner := world.newPerson()
	workspace := world.newWorkspace(owner)
	id := workspace[len("/api/v1/workspaces/"):]
	quota := map[string]any{"artifacts": artifactsOfEach}
	world.operators().call("PUT", "/api/v1/operator/workspaces/"+id+"/quotas", quota).must(200)
	path, made := workspace+"/artifacts", make(chan string, 100)
	return together(4, 8, func(history *history, who, time int) {
		somebody := world.at(owner, who+time)
		switch {
		case time%4 == 2:
			history.note(request{kind: "count", who: who}, func() outcome {
				got := somebody.call("GET", path+"?limit=1", nil)
				return got.outcome(fmt.Sprint(got.body["total"]))
			})
		case time%4 == 3:
			select {
			case target := <-made:
				for _, step := range []string{"delete", "purge"} {
					query := map[string]string{"delete": "", "purge": "?purge=true"}[step]
					history.note(request{kind: step, who: who, target: target}, func() outcome {
						return somebody.call("DELETE", path+"/"+target+query, nil).outcome("")
					})
				}
			default:
			}
		default:
			name := fmt.Sprintf("artifact %d of %d", time, who)
			found := history.note(request{kind: "create", who: who}, func() outcome {
				got := somebody.call("POST", path, map[string]any{"name": name})
				return got.outcome(got.field("id"))
			})
			if found.status == 201 {
				// Two may be at the same one.
				made <- found.value
				made <- found.value
			}
		}
	})
}

// An account owns workspaces up to its quota.
var workspacesModel = model(set(""), func(owned set, asked request, answered outcome) (bool, set) {
	switch asked.kind {
	case "create":
		if owned.size() >= workspacesOfEach {
			return answered.code == "quota_exceeded", owned
		}
		return answered.status == 201 && !owned.has(answered.value), owned.with(answered.value)
	case "delete":
		if !owned.has(asked.target) {
			return answered.isRefused(), owned
		}
		return answered.status == 204, owned.without(asked.target)
	default:
		return answered.status == 200 && set(answered.value) == owned, owned
	}
})

func runWorkspaces(world *world) *history {
	owner, made := world.newPerson(), make(chan string, 100)
	path := "/api/v1/workspaces"
	return together(4, 6, func(history *history, who, time int) {
		somebody := world.at(owner, who+time)
		switch {
		case time%3 == 1:
			history.note(request{kind: "list", who: who}, func() outcome {
				got := somebody.call("GET", path, nil)
				var ids []string
				for _, item := range got.list() {
					ids = append(ids, item["id"].(string))
				}
				return got.outcome(string(setOf(ids)))
			})
		case time%3 == 2:
			select {
			case target := <-made:
				history.note(request{kind: "delete", who: who, target: target}, func() outcome {
					return somebody.call("DELETE", path+"/"+target, nil).outcome("")
				})
			default:
			}
		default:
			found := history.note(request{kind: "create", who: who}, func() outcome {
				got := somebody.call("POST", path, map[string]any{"name": unique()})
				return got.outcome(got.field("id"))
			})
			if found.status == 201 {
				made <- found.value
				made <- found.value
			}
		}
	})
}
