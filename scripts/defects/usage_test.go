//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

func TestWrongUseExitsWith2AndSaysTheUsage(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"", "usage: defects COMMAND"},
		{"summarize", `no command "summarize"`},
		{"doctor now", `unexpected argument "now"`},
		{"networks all", `unexpected argument "all"`},
		{"summary", "BACKBONE, RUN or FILE is missing"},
		{"summary resnet18", `unknown backbone "resnet18": use one of ` + strings.Join(backbone.Names(), ", ") + ", or name a run"},
		{"features resnet18 x.jpg", `unknown backbone "resnet18"`},
		{"summary mobilenetv2 vgg", `unexpected argument "vgg"`},
		{"summary mobilenetv2 --alpha 0.3", "use one of [0.35"},
		{"summary mobilenetv2 --alpha 0", "use one of [0.35"},
		{"summary resnet50v2 --alpha 1", "resnet50v2 has one width"},
		{"train resnet50v2 --out r --alpha 0.35", "resnet50v2 has one width"},
		{"features resnet50v2 --weights embedded x.jpg", "they are for mobilenetv2"},
		{"summary mobilenetv2 --alpha wide", "invalid value"},
		{"summary mobilenetv2 --alpha", "flag needs an argument"},
		{"summary mobilenetv2 --input 31", "use 32 to"},
		{"summary mobilenetv2 --input 1000000000", "use 32 to"},
		{"summary mobilenetv2 --colour", "unknown option --colour"},
		{"features mobilenetv2 --weights none", "IMAGE is missing"},
		{"features mobilenetv2 --weights= x.jpg", "--weights is empty"},
		{"features mobilenetv2 --devices 0 x.jpg", "give a number of devices from 1"},
		{"serve --devices 0 run", "give a number of devices from 1"},
		{"train mobilenetv2 --out r --devices two", "give a number of devices from 1"},
		{"train mobilenetv2", "--out RUN is missing"},
		{"train --out r", "BACKBONE, RUN or FILE is missing"},
		{"train vgg16 --out r", "unknown backbone"},
		{"train mobilenetv2 --out r --epochs 0", "--epochs 0"},
		{"train mobilenetv2 --out r --learning-rate 0", "--learning-rate 0"},
		{"train mobilenetv2 --out r --learning-rate -1e-3", "--learning-rate -0.001"},
		{"train mobilenetv2 --out r --learning-rate NaN", "--learning-rate NaN"},
		{"train mobilenetv2 --out r --learning-rate Inf", "--learning-rate +Inf"},
		{"train mobilenetv2 --out r --schedule linear", "--schedule linear: use cosine or plateau"},
		{"train mobilenetv2 --out r --warmup-epochs 5 --schedule cosine", "--warmup-epochs 5: use at least 1, and fewer"},
		{"train mobilenetv2 --out r --warmup-epochs 1 --schedule plateau", "--schedule cosine, or without one"},
		{"train mobilenetv2 --out r --early-stopping 0", "--early-stopping 0"},
		{"train mobilenetv2 --out r --augment flip,zoom", `--augment "zoom": use flip`},
		{"train mobilenetv2 --out r --augment shift=2", "--augment shift=2: give a fraction"},
		{"train mobilenetv2 --out r --augment flip=1", `--augment "flip=1"`},
		{"train mobilenetv2 --out r --head-epochs 0 --unfreeze-last 5", "--head-epochs 0"},
		{"train mobilenetv2 --out r --head-epochs 2", "say which layers are trained after them"},
		{"train mobilenetv2 --out r --head-learning-rate 1", "is that of --head-epochs"},
		{"train mobilenetv2 --out r --head-epochs 2 --unfreeze-last 5 --head-learning-rate 0", "--head-learning-rate 0"},
		{"train mobilenetv2 --out r --unfreeze-from -1", "--unfreeze-from -1"},
		{"train mobilenetv2 --out r --unfreeze-last 0", "--unfreeze-last 0"},
		{"train mobilenetv2 --out r --unfreeze-prefix=", "--unfreeze-prefix is empty"},
		{"train mobilenetv2 --out r --unfreeze-from 1 --unfreeze-last 1", "choose one"},
		{"train ./r --out ./r", "the run to start from"},
		{"train m.keras --out r --alpha 0.35", "--alpha is for backbones"},
		{"train m.keras --out r --weights none", "--weights is for backbones"},
		{"summary m.keras --top", "--top is for backbones"},
		{"convert m.keras", "OUT is missing"},
		{"convert m.keras m.txt", "end its name in .keras"},
		{"convert m.keras ./m.keras", "the file to read"},
		{"completion", "bash, zsh or fish is missing"},
		{"completion tcsh", "tcsh: use bash, zsh or fish"},
		{"version now", `unexpected argument "now"`},
		{"evaluate", "RUN or FILE is missing"},
		{"evaluate a b", `unexpected argument "b"`},
		{"predict r", "IMAGE is missing"},
		{"predict r --out o.jsonl a b", "there is one LIST, not 2 images"},
		{"predict r --shard 1/2 a", "give the list, and --out"},
		{"predict r --out o.jsonl --shard 0/2 a", "--shard 0/2: use I/N with I from 1 to N"},
		{"sweep", "PLAN is missing"},
		{"sweep p.json", "--out DIR is missing"},
		{"sweep p.json --out d --shard 3/2", "--shard 3/2"},
		{"table", "DIR is missing"},
		{"table d --csv --json", "choose one"},
		{"serve", "RUN or FILE is missing"},
		{"serve r --tls-cert c.pem", "belong together"},
		{"serve r --queue 0", "--queue 0"},
		{"serve r --unsure-below 2", "--unsure-below 2"},
		{"serve r --batch-delay soon", "invalid value"},
		{"fetch everything", `nothing called "everything"`},
		{"fetch data resnet50v2", "fetch weights " + strings.Join(backbone.Names(), "|")},
		{"fetch weights vgg16", `unknown backbone "vgg16"`},
		{"fetch weights resnet50v2 --alpha 1", "one width"},
		{"fetch weights vit --alpha 1", "one width"},
		{"fetch weights vit --variant Ti/16", "B/16 alone"},
		{"fetch data --alpha 1", "--alpha is for weights"},
	} {
		args := strings.Fields(c.args)
		code, stdout, stderr := defects(args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("defects %s: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
		usage := "usage: defects COMMAND"
		if len(args) > 0 && args[0] != "summarize" {
			usage = "usage: defects " + args[0] + " "
		}
		if !strings.Contains(stderr, usage) {
			t.Errorf("defects %s: stderr has no %q: %s", c.args, usage, stderr)
		}
	}
}

func TestHelpGoesToStdout(t *testing.T) {
	if code, stdout, stderr := defects("--help"); code != 0 || stderr != "" || !strings.Contains(stdout, "evaluate") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	for _, c := range commands {
		code, stdout, stderr := defects(c.name, "--help")
		if code != 0 || stderr != "" || !strings.Contains(stdout, "usage: defects "+c.name) || !strings.Contains(stdout, "--json") {
			t.Errorf("%s: exit code %d: %s%s", c.name, code, stdout, stderr)
		}
	}
}

func TestAfterTwoDashesNothingIsAnOption(t *testing.T) {
	code, _, stderr := defects("predict", "--json", "--", "run", "--strange name.jpg", "--json")
	if code != 1 || !strings.Contains(stderr, "--strange name.jpg") || !strings.Contains(stderr, "2 of 2 images") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestResultThatCannotBePrintedIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	defer full.Close()
	for _, args := range [][]string{{"summary", "mobilenetv2"}, {"summary", "mobilenetv2", "--json"}} {
		var log strings.Builder
		if code := run(args, full, &log); code != 1 || !strings.Contains(log.String(), "no space left") {
			t.Errorf("%v: exit code %d: %s", args, code, log.String())
		}
	}
}
