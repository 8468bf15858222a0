package sensor

// The names below are for the tests in package sensor_test, which import sensor/builtin.
var (
	BudgetKeys         = budgetKeys
	CauseKeys          = causeKeys
	Causes             = causes
	ContractKeys       = contractKeys
	DefinitionKeys     = definitionKeys
	DefinitionsKeys    = definitionsKeys
	EventKindKeys      = eventKindKeys
	FeedKeys           = feedKeys
	FleetKeys          = fleetKeys
	FoldName           = foldName
	InputKeys          = inputKeys
	InputNeedKeys      = inputNeedKeys
	LimitsKeys         = limitsKeys
	NeedsKeys          = needsKeys
	OperatorNeedKeys   = operatorNeedKeys
	Operators          = operators
	ReaderDocumentKeys = readerDocumentKeys
	ReaderKeys         = readerKeys
	ShortfallKeys      = shortfallKeys
	SizesKeys          = sizesKeys
	SuppliedInputKeys  = suppliedInputKeys
	SupplyKeys         = supplyKeys
)

// Schema returns the schema that JSON names for the fleet.
func (f *Fleet) Schema() string { return f.schema() }
