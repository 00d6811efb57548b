package main

import (
	"strconv"
	"strings"
)

// members is how many people take part.
const members = 3

// roles has a letter for each of them: owner, admin, member, or none.
type roles [members]byte

const everybodyOwns = "ooo"

var letters = map[string]byte{"owner": 'o', "admin": 'a', "member": 'm'}

func rolesOf(text string) (found roles) {
	copy(found[:], text)
	return found
}

func (r roles) owners() int { return strings.Count(string(r[:]), "o") }

func (r roles) with(who int, role byte) roles {
	r[who] = role
	return r
}

// Owners give roles, each may leave, and one who owns it stays.
var ownersModel = model(rolesOf(everybodyOwns), func(state roles, asked request, answered outcome) (bool, roles) {
	own := state[asked.who]
	target, _ := strconv.Atoi(asked.target)
	switch asked.kind {
	case "role":
		if own != 'o' || state[target] == '-' {
			return answered.isNotForThem(), state
		}
		return answered.status == 200, state.with(target, letters[asked.value])
	case "leave":
		switch {
		case own == '-':
			return answered.isNotForThem(), state
		case own == 'o' && state.owners() == 1:
			return answered.code == "last_owner", state
		default:
			return answered.status == 200, state.with(asked.who, '-')
		}
	case "add":
		switch {
		case own != 'o' && own != 'a':
			return answered.isNotForThem(), state
		case state[target] != '-':
			return answered.status == 409, state
		default:
			return answered.status == 201, state.with(target, letters[asked.value])
		}
	default:
		if own == '-' {
			return answered.isNotForThem(), state
		}
		return answered.status == 200 && rolesOf(answered.value) == state, state
	}
})

// runOwners has those who own a workspace together demote each other, leave, and bring back who left.
func runOwners(world *world) *history {
	people := make([]person, members)
	for number := range people {
		people[number] = world.newPerson()
	}
	workspace := world.newWorkspace(people[0])
	for _, other := range people[1:] {
		body := map[string]any{"email": other.email, "role": "owner"}
		people[0].call("POST", workspace+"/members", body).must(201)
	}
	return together(members, 6, func(history *history, who, time int) {
		somebody, next := world.at(people[who], who+time/2), (who+1+time%2)%members
		asked := request{who: who, target: strconv.Itoa(next)}
		role := func(value string) {
			asked.kind, asked.value = "role", value
			history.note(asked, func() outcome {
				path := workspace + "/members/" + people[next].id + "/role"
				return somebody.call("PUT", path, map[string]any{"role": value}).outcome("")
			})
		}
		switch time {
		case 0:
			role("member")
		case 1:
			asked.kind = "leave"
			history.note(asked, func() outcome { return somebody.call("POST", workspace+"/leave", nil).outcome("") })
		case 2, 5:
			asked.kind = "list"
			history.note(asked, func() outcome {
				got := somebody.call("GET", workspace+"/members", nil)
				return got.outcome(seenRoles(got, people))
			})
		case 3:
			asked.kind, asked.value = "add", "member"
			history.note(asked, func() outcome {
				body := map[string]any{"email": people[next].email, "role": "member"}
				return somebody.call("POST", workspace+"/members", body).outcome("")
			})
		default:
			role("owner")
		}
	})
}

// seenRoles is what a list of members says of each.
func seenRoles(list answer, people []person) string {
	found := roles{'-', '-', '-'}
	for _, item := range list.list() {
		for number, somebody := range people {
			if item["user_id"] == somebody.id {
				found[number] = letters[item["role"].(string)]
			}
		}
	}
	return string(found[:])
}
