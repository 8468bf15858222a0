package workload

// The parts of the strings of the instances, frequent ones first.
var (
	eventTypes      = []string{"ProcessCreate", "FileCreate", "RegistrySetValue", "NetworkConnect", "ImageLoad", "DnsQuery", "PipeCreated", "PipeConnected", "CreateRemoteThread", "ProcessAccess", "RegistryCreateKey", "FileDelete"}
	integrityLevels = []string{"Low", "Medium", "High", "System"}
	users           = []string{`NT AUTHORITY\SYSTEM`, `NT AUTHORITY\LOCAL SERVICE`, `NT AUTHORITY\NETWORK SERVICE`, `BUILTIN\Administrators`, `WORKGROUP\Administrator`, `IIS APPPOOL\DefaultAppPool`, `CORP\svc_backup`, `CORP\svc_sql`, `Window Manager\DWM-1`, `Font Driver Host\UMFD-0`}
	registryData    = []string{"DWORD (0x00000000)", "DWORD (0x00000001)", "DWORD (0x00000002)", "Binary Data", "(Empty)", "QWORD (0x00000000-00000001)", `%SystemRoot%\system32\svchost.exe`, `C:\Windows\system32\cmd.exe`, "0", "1"}
	ports           = []int64{443, 80, 445, 3389, 135, 53, 22, 5985, 5986, 8080, 8443, 389, 636, 88, 21, 25, 1433, 3306, 4444, 6667, 9001, 8888}
	topLevels       = []string{".com", ".net", ".org", ".io", ".ru", ".cn", ".top", ".xyz", ".info", ".onion", ".co.uk", ".de"}
	extensions      = []string{".exe", ".dll", ".ps1", ".bat", ".vbs", ".js", ".tmp", ".lnk", ".hta", ".docm", ".iso", ".zip"}
	pipes           = []string{"lsass", "srvsvc", "wkssvc", "psexesvc", "paexec", "remcom", "msagent_", "postex_", "status_", "mojo.", "isapi_", "sdlrpc"}
	words           = []string{"temp", "update", "admin", "service", "agent", "backup", "client", "server", "system", "windows", "microsoft", "google", "chrome", "office", "helper", "installer", "loader", "runtime", "config", "policy", "monitor", "remote", "session", "shell", "network", "driver", "print", "task", "event", "cache"}
	syllables       = []string{"ak", "bel", "cor", "dra", "el", "fin", "gor", "hal", "in", "jax", "kel", "lum", "mar", "nox", "or", "pra", "qui", "ran", "sol", "tec", "ul", "ven", "wix", "xen", "yor", "zet", "net", "sys", "win", "dat"}

	folders = []string{
		`C:\Windows\System32\`, `C:\Windows\`, `C:\Windows\SysWOW64\`, `C:\Users\Public\`, `C:\Windows\Temp\`, `C:\ProgramData\`, `C:\Program Files\`,
		`C:\Program Files (x86)\`, `C:\Users\`, `C:\Windows\System32\WindowsPowerShell\v1.0\`, `C:\Windows\Tasks\`, `C:\PerfLogs\`, `C:\$Recycle.Bin\`,
		`C:\Windows\System32\spool\drivers\`, `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\`, `C:\inetpub\wwwroot\`, `C:\Intel\`, `D:\`, `\\tsclient\`, `C:\Windows\Fonts\`,
		`C:\Program Files\Common Files\`, `C:\Program Files\Microsoft Office\root\Office16\`, `C:\Windows\System32\drivers\`, `C:\Windows\debug\`, `C:\Windows\WinSxS\`,
	}
	programs = []string{
		"powershell.exe", "cmd.exe", "rundll32.exe", "regsvr32.exe", "mshta.exe", "wscript.exe", "cscript.exe", "schtasks.exe", "net.exe", "net1.exe", "reg.exe", "sc.exe",
		"wmic.exe", "certutil.exe", "bitsadmin.exe", "msbuild.exe", "installutil.exe", "svchost.exe", "services.exe", "lsass.exe", "explorer.exe", "winword.exe", "excel.exe",
		"outlook.exe", "powerpnt.exe", "psexec.exe", "psexesvc.exe", "pwsh.exe", "curl.exe", "ssh.exe", "python.exe", "java.exe", "w3wp.exe", "sqlservr.exe", "msiexec.exe",
		"forfiles.exe", "hh.exe", "cmstp.exe", "odbcconf.exe", "vssadmin.exe", "wbadmin.exe", "bcdedit.exe", "nltest.exe", "whoami.exe", "systeminfo.exe", "taskkill.exe",
		"tasklist.exe", "netsh.exe", "ipconfig.exe", "nslookup.exe", "dsquery.exe", "adfind.exe", "procdump.exe", "rclone.exe", "7z.exe", "winrar.exe", "fodhelper.exe", "eventvwr.exe",
	}
	switches = []string{
		" /c ", " -enc ", " -nop ", " -w hidden ", " /s ", " /q ", " -exec bypass ", " -urlcache ", " /create ", " /add ", " /delete ", " /domain ", " -ma ", " -command ",
		" /transfer ", " create ", " process call create ", " /i:http", " javascript:", " -f ", " --output ", " delete shadows ", " /node:", " -decode ", " /tn ", " /sc onlogon ",
	}
	registryKeys = []string{
		`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run`, `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`, `HKLM\System\CurrentControlSet\Services`,
		`HKLM\SOFTWARE\Policies\Microsoft\Windows Defender`, `HKCU\Software\Classes`, `HKLM\System\CurrentControlSet\Control\Lsa`, `HKU\.DEFAULT\Software`,
		`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`, `HKLM\SOFTWARE\Microsoft\AMSI\Providers`, `HKCU\Environment`, `HKLM\SAM\SAM`, `HKCR\CLSID`,
		`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options`, `HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server`,
	}
)
