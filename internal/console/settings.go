package console

import "net/http"

// settingsPage is the first tab of the account's settings: who the person is.
func (v *visit) settingsPage() error {
	return v.show(http.StatusOK, "settings", page{Title: "Account settings", Tab: "Profile"})
}

// developerBody is where a customer's developers begin.
type developerBody struct {
	Kinds []kind
	Keys  int
}

func (v *visit) developerPage() error {
	return v.show(http.StatusOK, "developer", page{Title: "Developer", Section: "Developer", Body: developerBody{}})
}
