package main

// An address is somebody's or nobody's, and who has registered can sign in.
var registerModel = model(false, func(isTaken bool, asked request, answered outcome) (bool, bool) {
	if asked.kind == "register" {
		return isTaken == (answered.code == "email_taken") && isTaken == (answered.status != 201), true
	}
	return isTaken == (answered.status == 200), isTaken
})

func runRegister(world *world) *history {
	email := unique() + "@example.com"
	secrets := map[string]any{"email": email, "password": password}
	return together(6, 4, func(history *history, who, time int) {
		kind, path := "login", "/api/v1/auth/login"
		if (who+time)%2 == 0 {
			kind, path = "register", "/api/v1/auth/register"
		}
		somebody := world.at(person{}, who)
		history.note(request{kind: kind, who: who}, func() outcome {
			return somebody.call("POST", path, secrets).outcome("")
		})
	})
}
