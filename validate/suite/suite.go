// Package suite lists all checks of the gate, in the order in which they run.
package suite

import (
	"github.com/cfcheck/cfcheck/internal/mandatory"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/behaviour"
	"github.com/cfcheck/cfcheck/validate/contract"
	"github.com/cfcheck/cfcheck/validate/file"
	"github.com/cfcheck/cfcheck/validate/structure"
	"github.com/cfcheck/cfcheck/validate/types"
)

// Checks are all checks. The order is that in which a reader finds out: can it
// be read, is it whole, does it fit its type, does it fit its readers, what does
// it do when it is run. It must
// not be changed by those who use it.
var Checks = []*validate.Check{
	file.RegularFile,
	file.SizeCap,
	file.NotEmpty,
	file.NotFilled,
	file.NamedByManifest,
	file.DigestOfManifest,
	structure.TransferIntact,
	structure.Magic,
	structure.Whole,
	structure.ByteOrder,
	structure.FormatVersion,
	structure.OneFile,
	structure.NoTrailingData,
	structure.SectionSet,
	structure.SectionBounds,
	structure.EntryCount,
	structure.Limits,
	structure.InstanceWords,
	structure.ConditionReference,
	structure.ConditionStack,
	structure.OperatorKnown,
	structure.CriterionFlags,
	structure.InputDeclared,
	structure.OperandCount,
	structure.OperandBounds,
	structure.OperandReference,
	structure.ValueBounds,
	structure.OperandForm,
	structure.TextReference,
	structure.TextBounds,
	structure.ProgramBounds,
	structure.InstructionForm,
	structure.InstructionTarget,
	structure.ClassBounds,
	structure.ClassRanges,
	structure.HeaderDigest,
	structure.SectionDigest,
	structure.SectionTiling,
	structure.PaddingZero,
	structure.InputsRead,
	structure.InstanceID,
	structure.InstanceOrder,
	structure.InstanceUnique,
	structure.ConditionFlat,
	structure.ConditionOrder,
	structure.CriterionOrder,
	structure.CriterionUsed,
	structure.OperandOrder,
	structure.ValueOrder,
	structure.ValueUsed,
	structure.OperandFolded,
	structure.OperatorSimplest,
	structure.TextOrder,
	structure.TextUsed,
	structure.TextUTF8,
	structure.UseOfOperator,
	structure.ProgramOrder,
	structure.ProgramUsed,
	structure.ClassOrder,
	structure.ClassUsed,
	file.FileName,
	file.CanonicalName,
	file.RuleWellFormed,
	file.SearchesUsed,
	types.TypeKnown,
	types.TypeVersionKnown,
	types.ChannelOfType,
	types.InputsDeclared,
	types.InputDefined,
	types.OperatorForType,
	types.OperandReach,
	types.ComparisonTypes,
	types.ProgramOfSource,
	contract.InputsSupplied,
	contract.InputsLatent,
	contract.InputType,
	contract.SupplyKnown,
	contract.TypeVersionSupplied,
	contract.OperatorSupported,
	contract.FormatSupported,
	contract.ReaderLimits,
	contract.StepBudget,
	contract.MemoryBudget,
	contract.LengthKnown,
	contract.RuleBlind,
	contract.RuleWidened,
	contract.RuleWeakened,
	contract.SupplyUnknown,
	contract.ShortfallAcknowledged,
	contract.AcknowledgementCurrent,
	contract.InputIdentity,
	contract.EveryBuildAddressed,
	behaviour.RunsWithoutFault,
	behaviour.NeverMatch,
	behaviour.KnownGood,
}

func init() {
	for _, c := range Checks {
		mandatory.Checks = append(mandatory.Checks, c)
	}
}

// ByID returns the check of an ID or name, nil if there is none.
func ByID(s string) *validate.Check {
	for _, c := range Checks {
		if c.ID == s || c.Name == s {
			return c
		}
	}
	return nil
}
