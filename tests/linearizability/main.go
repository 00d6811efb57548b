// Command linearizability has several people do things at once at two servers that share a database, and finds out whether what they
// were answered could have come about one after the other.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// checkTime is how long one history may take to be checked: far longer than one of a bounded length does.
const checkTime = 2 * time.Minute

// scenario is something that people do at once, and the rule that it has to obey.
type scenario struct {
	name  string
	model porcupine.Model
	// run does it once, with what nobody else has part in, and returns what was answered.
	run func(*world) *history
}

func scenarios() []scenario {
	return []scenario{
		{"register", registerModel, runRegister},
		{"rename", renameModel, runRename},
		{"artifacts", artifactsModel, runArtifacts},
		{"workspaces", workspacesModel, runWorkspaces},
		{"owners", ownersModel, runOwners},
		{"keys", keysModel, runKeys},
	}
}

func main() {
	servers := flag.String("servers", "", "the URLs of the servers, with a comma between them")
	token := flag.String("operator-token", "", "what operators send as bearer token")
	histories := flag.Int("histories", 40, "how many histories of each kind")
	flag.Parse()
	world := &world{servers: strings.Split(*servers, ","), operator: *token, workspaces: workspacesOfEach}
	failed := false
	for _, scenario := range scenarios() {
		failed = !check(world, scenario, *histories) || failed
	}
	if failed {
		os.Exit(1)
	}
}

// check says what came of one scenario, and whether that is well.
func check(world *world, scenario scenario, count int) bool {
	began, operations, refused, longest := time.Now(), 0, 0, time.Duration(0)
	for number := range count {
		found := scenario.run(world)
		if len(found.faults) > 0 {
			fmt.Printf("%s: history %d is not complete: %v\n", scenario.name, number, found.faults)
			return false
		}
		checked := time.Now()
		result := porcupine.CheckOperationsTimeout(scenario.model, found.operations, checkTime)
		longest = max(longest, time.Since(checked))
		if result != porcupine.Ok {
			fmt.Printf("%s: history %d is not linearizable (%s):\n%s", scenario.name, number, result, found)
			return false
		}
		operations += len(found.operations)
		refused += found.refused()
	}
	if refused == 0 || refused == operations {
		fmt.Printf("%s: %d of %d operations were refused: nobody got in another's way\n", scenario.name, refused, operations)
		return false
	}
	fmt.Printf("%s: %d histories of %d operations, %d of them refused, are linearizable: %.1f s, at most %.1f ms to check one\n",
		scenario.name, count, operations, refused, time.Since(began).Seconds(), float64(longest.Microseconds())/1e3)
	return true
}
