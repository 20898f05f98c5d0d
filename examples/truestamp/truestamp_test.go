package truestamp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright/examples/exampletest"
)

const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

var ada, bob = exampletest.Someone("ada", ""), exampletest.Someone("bob", "")

func example(t *testing.T, clock func() time.Time) *exampletest.Client {
	t.Helper()
	h, err := New(Options{Identify: exampletest.Identify, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return exampletest.New(t, h, OpenAPI(), Table())
}

func aHash(hash string) map[string]any { return map[string]any{"hash": hash, "hashType": "sha-256"} }

func TestTheTimestampIsSignedAndVerifiedOnReading(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 31, 9, 30, 0, 5, time.UTC)
	c := example(t, func() time.Time { return at })
	got := c.Do(&ada, "POST", "/v1/items", aHash(strings.ToUpper(abc)))
	var made verified
	if err := json.Unmarshal(got.Body, &made); err != nil || got.Status != 201 {
		t.Fatalf("%d %v", got.Status, err)
	}
	if got.Header.Get("Location") != "/v1/items/"+made.ID || made.Hash != abc || made.Timestamp != "2026-03-31T09:30:00.000000005Z" {
		t.Errorf("%v %+v", got.Header, made)
	}
	if !made.Verified || !made.valid() {
		t.Error("the signature does not verify")
	}
	read := c.Want(200, &ada, "GET", "/v1/items/"+made.ID, nil)
	if read["verified"] != true || read["signature"] != made.Signature {
		t.Errorf("read %v", read)
	}
}

func TestASignatureCoversEveryField(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	var made verified
	if err := json.Unmarshal(c.Do(&ada, "POST", "/v1/items", aHash(abc)).Body, &made); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		forged := made.item
		field := rapid.SampledFrom([]*string{&forged.ID, &forged.Hash, &forged.HashType, &forged.Timestamp, &forged.Signature, &forged.PublicKey}).Draw(t, "field")
		was := *field
		at := rapid.IntRange(0, len(was)-1).Draw(t, "at")
		*field = was[:at] + string(rapid.ByteRange('0', '9').Draw(t, "char")) + was[at+1:]
		if *field != was && forged.valid() {
			t.Fatalf("valid after changing %q into %q", was, *field)
		}
	})
}

func TestTSP33_ABodyNeedsItsContentType(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	id := c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "json", "application/json-patch+json"} {
		c.Want(415, &ada, "POST", "/v1/items", aHash(abc), "Content-Type", media)
		c.Want(415, &ada, "PUT", "/v1/items/"+id, aHash(abc), "Content-Type", media)
	}
	c.Want(201, &ada, "POST", "/v1/items", aHash(abc), "Content-Type", "Application/JSON; charset=utf-8")
}

func TestTSP32_AcceptMustAllowJSON(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	for accept, status := range map[string]int{
		"*/*": 201, "application/json": 201, "": 201, "text/html, application/json;q=0.5": 201, "APPLICATION/JSON": 201,
		"text/html": 406, "application/json;q=0": 406, "application/xml, text/*": 406, "application/json;q=0.0": 406,
	} {
		c.Want(status, &ada, "POST", "/v1/items", aHash(abc), "Accept", accept)
	}
}

func TestTSP34_TheBodyIsAJSONObject(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	c.Garbage(&ada, "POST", "/v1/items", maxBody)
}

func TestTSP35_TheBodyHasTheDocumentedShape(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	id := c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	for name, tt := range map[string]struct {
		body  map[string]any
		field string
	}{
		"no hash":       {map[string]any{"hashType": "sha-256"}, "hash"},
		"63 digits":     {aHash(abc[1:]), "hash"},
		"65 digits":     {aHash(abc + "0"), "hash"},
		"not hex":       {aHash("g" + abc[1:]), "hash"},
		"a number":      {map[string]any{"hash": 5, "hashType": "sha-256"}, "hash"},
		"no type":       {map[string]any{"hash": abc}, "hashType"},
		"another type":  {map[string]any{"hash": abc, "hashType": "md5"}, "hashType"},
		"another field": {map[string]any{"hash": abc, "hashType": "sha-256", "note": "x"}, "note"},
	} {
		t.Run(name, func(t *testing.T) {
			for method, target := range map[string]string{"POST": "/v1/items", "PUT": "/v1/items/" + id} {
				got := c.Want(422, &ada, method, target, tt.body)
				if !strings.HasPrefix(got["message"].(string), tt.field+": ") {
					t.Errorf("%v does not name %s", got, tt.field)
				}
			}
		})
	}
}

func TestTSP36_IfNoneMatchAnswers304UntilTheItemChanges(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	target := "/v1/items/" + c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	tag := c.Do(&ada, "GET", target, nil).Header.Get("ETag")
	for _, match := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		got := c.Do(&ada, "GET", target, nil, "If-None-Match", match)
		if got.Status != 304 || len(got.Body) != 0 || got.Header.Get("Content-Type") != "" || got.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %v %s", match, got.Status, got.Header, got.Body)
		}
	}
	c.Want(200, &ada, "GET", target, nil, "If-None-Match", `"x"`)
	put := c.Do(&ada, "PUT", target, aHash(strings.Repeat("0", 64)))
	if put.Status != 200 || put.Header.Get("ETag") == tag {
		t.Errorf("PUT: %d %v", put.Status, put.Header)
	}
	if got := c.Want(200, &ada, "GET", target, nil, "If-None-Match", tag); got["hash"] != strings.Repeat("0", 64) || got["verified"] != true {
		t.Errorf("after PUT: %v", got)
	}
	c.Want(304, &ada, "GET", target, nil, "If-None-Match", put.Header.Get("ETag"))
}

func TestTSP37_TSP38_TSP39_TSP40_EveryAnswerIsPrettyJSON(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	target := "/v1/items/" + c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	for name, got := range map[string]exampletest.Answer{
		"200 open": c.Do(nil, "GET", "/v1/health", nil), "200": c.Do(&ada, "GET", target, nil), "201": c.Do(&ada, "POST", "/v1/items", aHash(abc)),
		"400": c.Do(&ada, "POST", "/v1/items", "["), "401": c.Do(nil, "GET", target, nil), "404": c.Do(&ada, "GET", "/v1/items/x", nil),
		"404 path": c.Do(&ada, "GET", "/v2/items", nil), "405": c.Do(&ada, "DELETE", target, nil), "406": c.Do(&ada, "GET", target, nil, "Accept", "text/html"),
		"413": c.Do(&ada, "POST", "/v1/items", strings.Repeat("{", maxBody+1)), "415": c.Do(&ada, "POST", "/v1/items", "{}", "Content-Type", "x/y"), "422": c.Do(&ada, "POST", "/v1/items", "{}"),
	} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, got.Body, "", "  "); err != nil || !bytes.Equal(pretty.Bytes(), got.Body) {
			t.Errorf("%s is not pretty JSON (%v):\n%s", name, err, got.Body)
		}
		if media := got.Header.Get("Content-Type"); media != "application/json" {
			t.Errorf("%s has the type %s", name, media)
		}
		if !strings.HasPrefix(name, "20") && c.JSON(got)["message"] == "" {
			t.Errorf("%s has no message: %s", name, got.Body)
		}
		if name[:3] != strconv.Itoa(got.Status) {
			t.Errorf("%s answered %d", name, got.Status)
		}
	}
}

func TestTSP30_WithoutAnIdentityItIs401(t *testing.T) {
	t.Parallel()
	example(t, nil).Unidentified(Table(), "{\n  \"message\": \"This API is called through its gateway, which says who is asking.\"\n}")
}

func TestTSP20_AnotherUsersItemAnswersLikeAnUnknownOne(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	id := c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	c.Alike(&bob, "GET", "/v1/items/"+id, "/v1/items/01JQ6M3Z5N7P9R1T3V5X7Z9B2F", nil)
	c.Alike(&bob, "PUT", "/v1/items/"+id, "/v1/items/01JQ6M3Z5N7P9R1T3V5X7Z9B2F", aHash(abc))
}

func TestEveryPrintedRequestRuns(t *testing.T) {
	t.Parallel()
	c := example(t, nil)
	id := c.Want(201, &ada, "POST", "/v1/items", aHash(abc))["id"].(string)
	c.Printed(&ada, map[string]string{"01JQ6M3Z5N7P9R1T3V5X7Z9B2F": id})
}

func FuzzItems(f *testing.F) {
	h, err := New(Options{Identify: exampletest.Identify})
	if err != nil {
		f.Fatal(err)
	}
	exampletest.Bodies(f, h, ada, "POST", "/v1/items", `{"hash":"`+abc+`","hashType":"sha-256"}`)
}
