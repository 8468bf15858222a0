package builtin

import "github.com/cfcheck/cfcheck/sensor"

// The template types with events from PowerShell.
//
// Windows PowerShell writes to a separate log, whose events have no named fields. Their elements
// form one field, Data, joined in order by newlines. Some log shippers name the elements param1,
// param2 and param3 instead. Their events are another feed, which does not supply Data.
const (
	powershellClassic = "Microsoft: about_EventLogs of Windows PowerShell 5.1. The events have no named fields: Data is their elements, joined by newlines"
	powershellSource  = "Microsoft: about_Logging_Windows; manifest of Microsoft-Windows-PowerShell"
)

// powershell returns a type for a Sigma category with events from the logs of script blocks and
// modules. These are the log of Windows PowerShell and the log of PowerShell 6 and later.
func powershell(t builtinType, title, table string, event uint32, keywords ...string) *sensor.Definition {
	inputs, fields := inputs(powershellSource, table)
	return t.definition(title, powershellSource, inputs, []sensor.Feed{
		{Name: "powershell", Source: powershellSource, Provider: "Microsoft-Windows-PowerShell",
			Channel: "Microsoft-Windows-PowerShell/Operational", Events: []uint32{event}, Fields: fields},
		{Name: "powershell-core", Source: powershellSource, Provider: "PowerShellCore",
			Channel: "PowerShellCore/Operational", Events: []uint32{event}, Fields: fields},
	}, keywords...)
}

// classic returns a type for a Sigma category with events from the old log of Windows PowerShell.
func classic(t builtinType, title string, event uint32) *sensor.Definition {
	inputs, fields := inputs(powershellClassic, "Data+")
	return t.definition(title, powershellClassic, inputs, []sensor.Feed{
		{Name: "powershell-classic", Source: powershellClassic, Provider: "PowerShell", Channel: "Windows PowerShell", Events: []uint32{event}, Fields: fields},
	}, "Data")
}

var powershellTypes = [...]builtinType{
	{number: 31, category: "ps_classic_start", build: func(t builtinType) *sensor.Definition {
		return classic(t, "starts of the engine of Windows PowerShell", 400)
	}},
	{number: 32, category: "ps_classic_provider_start", build: func(t builtinType) *sensor.Definition {
		return classic(t, "starts of providers in Windows PowerShell", 600)
	}},
	{number: 33, category: "ps_classic_script", build: func(t builtinType) *sensor.Definition {
		return classic(t, "pipelines that Windows PowerShell runs", 800)
	}},
	{number: 34, category: "ps_module", build: func(t builtinType) *sensor.Definition {
		return powershell(t, "pipelines of modules that PowerShell runs", "ContextInfo+ UserData+ Payload+", 4103, "Payload", "ContextInfo", "UserData")
	}},
	{number: 35, category: "ps_script", build: func(t builtinType) *sensor.Definition {
		return powershell(t, "blocks of script that PowerShell compiles", "MessageNumber# MessageTotal# ScriptBlockText+ ScriptBlockId# Path", 4104, "ScriptBlockText", "Path")
	}},
}
